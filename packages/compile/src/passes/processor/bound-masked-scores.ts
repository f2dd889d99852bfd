import { constantValue, createNode, producer, type Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';

/** What is added to a score that must not count is at most this. */
const HIDDEN = -1e8;
/** Exponentials of what lies farther than this below the largest score are no normal float32 numbers any more. */
const LOWEST = -80;

/**
 * Softmax of scores under a constant mask without exponentials that underflow: $\mathrm{softmax}(\max(x, \max_j x_j - 80))$, with
 * 0 where the mask hides. Some processors take a hundred cycles for a number below $10^{-38}$, so that a masked softmax of
 * theirs takes six times as long as one without a mask.
 *
 * Hidden weights are 0 exactly, as before, and hidden scores change nothing. A visible weight below $2 \cdot 10^{-35}$ becomes that
 * number, which no sum of weights notices.
 */
export const boundMaskedScores: Rule = (node) => {
  const [scores] = node.inputs;
  const visible = node.kernel === 'Softmax' && scores ? visibleUnderMask(scores) : undefined;
  const [y] = node.outputs;
  if (visible === undefined || Number(node.attributes['dim']) !== y!.shape.length - 1) return undefined;
  const column = { shape: [...y!.shape.slice(0, -1), 1], dtype: y!.dtype };
  const last = [y!.shape.length - 1];
  const [largest] = createNode('Max', [scores!], { reductionIndices: last, keepDims: true }, [
    column,
  ]).outputs;
  const distance = constantValue(Float32Array.of(LOWEST), [], 'float32');
  const [least] = createNode('Add', [largest!, distance], {}, [column]).outputs;
  const [bounded] = createNode('Maximum', [scores!, least!], {}, [y!]).outputs;
  const [weights] = createNode('Softmax', [bounded!], node.attributes, [y!]).outputs;
  return createNode('Multiply', [weights!, visible], {}, [y!]).outputs;
};

/** For scores that a constant of zeros and very negative numbers is added to: 1 where it is 0, else 0. */
function visibleUnderMask(scores: Value): Value | undefined {
  const sum = producer(scores);
  if (sum?.kernel !== 'Add') return undefined;
  for (const mask of sum.inputs) {
    if (mask.source.kind !== 'constant' || mask.dtype !== 'float32') continue;
    const { data } = mask.source;
    const width = mask.shape.at(-1) ?? 0;
    if (width !== scores.shape.at(-1) || !data.every((value) => value === 0 || value <= HIDDEN)) continue;
    const visible = Float32Array.from(data, (value) => Number(value === 0));
    const seen = (row: number) => visible.subarray(row * width, (row + 1) * width);
    const rows = Array.from({ length: data.length / width }, (_, row) => seen(row));
    // A row without a visible score keeps what softmax makes of it.
    if (rows.every((row) => row.includes(1)) && rows.some((row) => row.includes(0)))
      return constantValue(visible, mask.shape, 'float32');
  }
  return undefined;
}
