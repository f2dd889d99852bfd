import { broadcastShapes, sameShape } from '@dgm/core';
import { createNode, producer } from '../graph/graph';
import type { Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

const BROADCASTING = new Set([
  'Add',
  'Sub',
  'Multiply',
  'RealDiv',
  'Maximum',
  'Minimum',
  'Pow',
  'SquaredDifference',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'Equal',
  'NotEqual',
]);

/**
 * Leaves out copies along axes of size 1 where the reader broadcasts by itself. tfjs's gradients of sums and means write
 * such copies out in full.
 */
export const broadcastTiles: Rule = (node) => {
  const [y] = node.outputs;
  if (y === undefined || !BROADCASTING.has(node.kernel)) return undefined;
  const inputs = [...node.inputs];
  for (const index of [0, 1]) {
    const source = untiled(inputs[index]!);
    if (source === undefined) continue;
    const other = inputs[1 - index]!;
    if (sameShape(broadcastShapes(source.shape, other.shape), y.shape)) inputs[index] = source;
  }
  if (inputs.every((input, index) => input === node.inputs[index])) return undefined;
  return createNode(node.kernel, inputs, node.attributes, [y]).outputs;
};

/** What a value repeats along axes of size 1, if it does. */
function untiled(value: Value): Value | undefined {
  const node = producer(value);
  if (node?.kernel !== 'Tile') return undefined;
  const [source] = node.inputs as [Value];
  const repetitions = node.attributes['reps'] as readonly number[];
  return repetitions.every((times, axis) => times === 1 || source.shape[axis] === 1) ? source : undefined;
}
