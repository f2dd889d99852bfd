import { sameShape } from '@dgm/core';
import { constantValue, createNode, producer, uniformConstant } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { binary } from './indices';

/** A gradient that is one number where a mask holds, else 0, as a column beside the rows that it meets. */
interface MaskedGradient {
  readonly column: Value;
  readonly mask: Value;
  readonly number: number;
}

/**
 * Writes the gradient of a categorical log-likelihood, averaged over a batch, into the one-hot rows and into softmax's divisor:
 *
 * $$d\, \Bigl([k = i] - \frac{e_k}{t}\Bigr) = d\,[k = i] - e_k \frac{d}{t}$$
 *
 * with $d$ one number, or 0 where the observed value is impossible, whose row is then empty. Two passes less over the logits, the
 * largest tensor of a model.
 */
export const scaleOneHot: Rule = (node) => {
  const [y] = node.outputs;
  if (node.kernel !== 'Multiply' || y === undefined) return undefined;
  for (const at of [0, 1]) {
    const gradient = maskedGradient(node.inputs[at]!, y);
    const parts = gradient && softmaxGradient(node.inputs[1 - at]!);
    if (parts === undefined) continue;
    const { hit, exponentials, total } = parts;
    const [indices] = hit.inputs as [Value];
    if (!sameShape(indices.shape, gradient!.mask.shape)) continue;
    const none = constantValue(Int32Array.of(Number(hit.attributes['depth'])), [], 'int32');
    const seen = createNode('Select', [gradient!.mask, indices, none], {}, [indices]).outputs[0]!;
    const attributes = { ...hit.attributes, onValue: gradient!.number };
    const rows = createNode('OneHot', [seen], attributes, [y]).outputs[0]!;
    const share = binary('Multiply', exponentials, binary('RealDiv', gradient!.column, total));
    return [createNode('Sub', [rows, share], {}, [y]).outputs[0]!];
  }
  return undefined;
};

function maskedGradient(column: Value, y: Value): MaskedGradient | undefined {
  if (!sameShape(column.shape, [...y.shape.slice(0, -1), 1])) return undefined;
  const node = producer(column);
  const select =
    node?.kernel === 'Reshape' || node?.kernel === 'ExpandDims' ? producer(node.inputs[0]!) : undefined;
  if (select?.kernel !== 'Select') return undefined;
  const [mask, chosen, other] = select.inputs as [Value, Value, Value];
  const number = uniformConstant(chosen);
  return number !== undefined && uniformConstant(other) === 0 ? { column, mask, number } : undefined;
}

/** The parts of one-hot rows less softmax, $[k = i] - e_k / t$. */
function softmaxGradient(
  value: Value,
): { readonly hit: Node; readonly exponentials: Value; readonly total: Value } | undefined {
  const difference = producer(value);
  const [hit, share] = difference?.kernel === 'Sub' ? difference.inputs.map(producer) : [];
  if (hit?.kernel !== 'OneHot' || share?.kernel !== 'RealDiv' || hit.outputs[0]!.dtype !== 'float32')
    return undefined;
  const [exponentials, total] = share.inputs as [Value, Value];
  const isOneHot = hit.attributes['onValue'] === 1 && hit.attributes['offValue'] === 0;
  return isOneHot && sameShape(total.shape, [...value.shape.slice(0, -1), 1])
    ? { hit, exponentials, total }
    : undefined;
}
