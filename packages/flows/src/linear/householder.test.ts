import { Key, trainable } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { expect, test } from 'vitest';
import { Householder } from '../index';

test('every direction gets its own gradient, in both directions of the map', () => {
  const layer = new Householder({ features: 3, reflections: 2, key: Key.of(0) });
  const [directions] = [...trainable(layer).values()];
  const x = Key.of(1).normal([4, 3]);
  const weights = Key.of(2).normal([4, 3]);
  for (const map of [() => layer.forwardAndLogDet(x).y, () => layer.inverseAndLogDet(x).z]) {
    const loss = () => tf.sum<tf.Scalar>(tf.mul(weights, map()));
    const gradient = tf.variableGrads(loss, [directions!]).grads[directions!.name]!.dataSync();
    const start = tf.clone(directions!);
    const step = 1e-2;
    const differences = Array.from(gradient, (_, index) => {
      const at = (sign: number) => {
        const change = Float32Array.from({ length: 6 }, (_, entry) => (entry === index ? sign * step : 0));
        directions!.assign(tf.add(start, tf.tensor2d(change, [2, 3])));
        return loss().dataSync()[0]!;
      };
      return (at(1) - at(-1)) / (2 * step);
    });
    directions!.assign(start);
    expect([...gradient]).toBeCloseToArray(differences, { relative: 1e-3, absolute: 1e-3 });
  }
  layer.dispose();
});
