import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { Planar } from './planar';

/** A planar layer whose direction u points against w, so far that without the constraint space would be folded. */
function folded(strength: number): Planar {
  const layer = new Planar({ dims: 2, key: Key.of(0) });
  const [u, w, b] = [[-strength, 0.5], [2, 0], [0]];
  tf.tidy(() =>
    layer
      .parameters()
      .get('parameters/values')!
      .assign(tf.tensor2d([[...u!, ...w!, ...b!]])),
  );
  return layer;
}

describe('Planar', () => {
  test.each([0, 1, 10, 1e3])('with u against w by %f keeps the order along w, and comes back', (strength) => {
    const layer = folded(strength);
    const along = tf.linspace(-3, 3, 601);
    const z = tf.stack([along, tf.zeros([601])], 1);
    const { y, logDet } = layer.forwardAndLogDet(z);
    const values = [...tf.slice(y, [0, 0], [601, 1]).dataSync()];
    expect(values.every((value, index) => index === 0 || value > values[index - 1]!)).toBe(true);
    expect([...logDet.dataSync()].every(Number.isFinite)).toBe(true);
    const { z: back } = layer.inverseAndLogDet(y);
    // Where space is flattened a thousandfold, rounding of y is a thousand times as large in z.
    expect(tf.max(tf.abs(tf.sub(back, z))).dataSync()[0]).toBeLessThan(2e-3);
    layer.dispose();
  });

  test('gradients of a layer at the limit are finite', () => {
    const layer = folded(1e3);
    const { grads } = tf.variableGrads(() => {
      const { z, logDet } = layer.inverseAndLogDet(Key.of(1).normal([20, 2]));
      return tf.add(tf.sum<tf.Scalar>(tf.square(z)), tf.sum<tf.Scalar>(logDet));
    });
    for (const gradient of Object.values(grads)) {
      expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
    }
    layer.dispose();
  });
});
