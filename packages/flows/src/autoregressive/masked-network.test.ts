import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { affine } from '../transformers/affine';
import { Autoregressive } from './autoregressive';
import { maskedNetwork } from './masked-network';

/** Which inputs the sum of an element's outputs depends on, as 0 and 1; the Jacobian must be *exactly* 0 elsewhere. */
function dependencies(groups: readonly number[], contextSize = 0): string[] {
  const network = maskedNetwork({ groups, numParameters: 2, hidden: [16, 16], key: Key.of(0), contextSize });
  const x = Key.of(1).normal([1, groups.length + contextSize]);
  const rows = groups.map((_, element) => {
    const gradient = tf.grad((input: tf.Tensor) =>
      tf.sum(tf.slice(network.apply(input), [0, 2 * element], [1, 2])),
    )(x);
    return [...gradient.dataSync()].map((value) => (value === 0 ? 0 : 1)).join('');
  });
  network.dispose();
  return rows;
}

test('outputs of an element depend on the elements of earlier groups, and on nothing else', () => {
  expect(dependencies([0, 1, 2, 3])).toEqual(['0000', '1000', '1100', '1110']);
  expect(dependencies([2, 1, 0])).toEqual(['011', '001', '000']);
  expect(dependencies([0, 0, 1, 1])).toEqual(['0000', '0000', '1100', '1100']);
});

test('every output may depend on the context', () => {
  expect(dependencies([0, 1], 1)).toEqual(['001', '101']);
  expect(dependencies([0], 1)).toEqual(['01']);
});

test('groups with a gap are refused', () => {
  expect(() => maskedNetwork({ groups: [0, 2], numParameters: 1, key: Key.of(0) })).toThrow('without a gap');
});

test('a layer refuses other groups than those of its network', () => {
  const network = maskedNetwork({ groups: [0, 1], numParameters: 2, hidden: [4], key: Key.of(0) });
  const options = { network, transformer: affine(), fast: 'density' } as const;
  expect(() => new Autoregressive({ ...options, groups: [0, 0] })).toThrow(
    'to be those of the network, [0, 1]',
  );
  network.dispose();
});
