import { Key, mlp } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { interleaved } from './interleaved';
import { rezero } from './rezero';

test('interleaved lays the outputs of one element side by side', () => {
  const network = interleaved({
    logScale: () => tf.tensor2d([[1, 2, 3]]),
    shift: () => tf.tensor2d([[10, 20, 30]]),
  });
  expect([...network.apply(tf.zeros([1, 1])).dataSync()]).toEqual([1, 10, 2, 20, 3, 30]);
});

test('rezero starts at zero, and its factor learns', () => {
  const layer = rezero(mlp([2, 3], { key: Key.of(0) }));
  const x = tf.tensor2d([[1, -2]]);
  expect([...layer.apply(x).dataSync()].every((value) => Math.abs(value) === 0)).toBe(true);
  const { grads } = tf.variableGrads(() => tf.sum(layer.apply(x)));
  const scale = layer.parameters().get('scale')!;
  expect(grads[scale.name]!.dataSync()[0]).not.toBe(0);
  scale.assign(tf.scalar(2));
  expect(tf.max(tf.abs(layer.apply(x))).dataSync()[0]).toBeGreaterThan(0.1);
  layer.dispose();
});
