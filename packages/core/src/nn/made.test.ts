import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { Key } from '../random/key';
import { madeDegrees, madeMask, madeMaskBetween } from './made';

/** Which inputs reach which outputs through all layers. */
function reached(degrees: number[][]): number[][] {
  return tf.tidy(() => {
    const masks = degrees
      .slice(1)
      .map((outputs, layer) =>
        tf.tensor2d(madeMask(degrees[layer]!, outputs), [degrees[layer]!.length, outputs.length]),
      );
    const paths = masks.reduce((product, mask) => tf.matMul(product, mask));
    return tf.cast(tf.greater(paths, 0), 'int32').arraySync() as number[][];
  });
}

test.each([undefined, Key.of(0)])(
  'outputs depend on all earlier groups, on the context and on nothing else',
  (key) => {
    const sizes = { features: 2, contextSize: 1, hidden: [9, 9], numParameters: 1 };
    // Rows are inputs: two for each of three variables, then the context.
    expect(reached(madeDegrees(sizes, [1, 0, 1], key))).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [1, 0, 1],
      [1, 0, 1],
      [0, 0, 0],
      [0, 0, 0],
      [1, 1, 1],
    ]);
  },
);

test.each([undefined, Key.of(0)])('few units see all variables that an output may depend on', (key) => {
  const groups = Array.from({ length: 9 }, (_, place) => place);
  const sizes = { features: 1, contextSize: 0, hidden: [3, 4], numParameters: 1 };
  const paths = reached(madeDegrees(sizes, groups, key));
  const seen = paths.map((outputs) => outputs.includes(1));
  // The last variable is an output of all others, and an input of none.
  expect(seen).toEqual([...groups.slice(1).map(() => true), false]);
});

test('one variable alone has hidden units that see no input', () => {
  const sizes = { features: 1, contextSize: 0, hidden: [3], numParameters: 2 };
  expect(madeDegrees(sizes, [0])).toEqual([[0], [-1, -1, -1], [-1, -1]]);
});

test('masks are the same for degrees that are tensors', () => {
  const [inputs, outputs] = [[0, 1, -1], [0, 0, 1]]; // prettier-ignore
  const mask = madeMaskBetween(tf.tensor1d(inputs!), tf.tensor1d(outputs!));
  expect([...mask.dataSync()]).toEqual([...madeMask(inputs!, outputs!)]);
});
