import { sameShape } from '@dgm/core';
import { constantValue, createNode, producer, uniformConstant } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { binary, clamped } from './indices';
import { matrixOf, reshaped, rowsOf } from './narrow-rows';

/**
 * Takes the number at an index from where it is, for which a categorical log-likelihood adds up a row in which the others are 0:
 *
 * $$\\sum_k [k = i]\\, x_k = x_i$$
 *
 * An index out of range gives 0 as before: what is taken for it is another number, and not chosen.
 */
export const pickByIndex: Rule = (node) => {
  const [x, indices] = pickedFrom(node) ?? [];
  const [y] = node.outputs;
  if (x === undefined || indices === undefined || y === undefined) return undefined;
  const inside = clamped(indices, 0, x.shape.at(-1)! - 1);
  const spec = { shape: [rowsOf(x), 1], dtype: x.dtype };
  const picked = createNode('PickLast', [matrixOf(x), reshaped(inside, spec.shape)], {}, [spec]);
  const isInside = binary('Equal', indices, inside, 'bool');
  const zero = constantValue(Float32Array.of(0), [], 'float32');
  return [createNode('Select', [isInside, reshaped(picked.outputs[0]!, y.shape), zero], {}, [y]).outputs[0]!];
};

/** For the sum of rows in which all but one number are 0: the rows before, and the index of that number in each. */
function pickedFrom({
  kernel,
  inputs: [choice],
  outputs: [y],
  attributes,
}: Node): [Value, Value] | undefined {
  const select = kernel === 'Sum' ? producer(choice!) : undefined;
  if (select?.kernel !== 'Select' || y!.dtype !== 'float32') return undefined;
  const [hit, x, other] = select.inputs as [Value, Value, Value];
  const oneHot = producer(hit);
  if (oneHot?.kernel !== 'OneHot' || hit.dtype !== 'bool' || !Object.is(uniformConstant(other), 0))
    return undefined;
  const [indices] = oneHot.inputs as [Value];
  const { onValue, offValue } = oneHot.attributes;
  const axes = [attributes['axis']].flat();
  const isOfRows =
    axes.length === 1 &&
    (axes[0] === -1 || axes[0] === x.shape.length - 1) &&
    sameShape(y!.shape, indices.shape);
  return isOfRows && onValue === 1 && offValue === 0 && sameShape(hit.shape, x.shape)
    ? [x, indices]
    : undefined;
}
