import { stopGradient, tanh } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const energy = (x: Tensor, w: Tensor): Scalar => tf.sum(tf.square(tanh(tf.matMul(x, w as tf.Tensor2D))));

/** Three steps down the energy: each is a gradient, so a gradient through them is of second order. */
function chain(start: Tensor, w: Tensor): Tensor {
  let x = start;
  for (let step = 0; step < 3; step++) x = tf.sub(x, tf.mul(0.1, tf.grad((y) => energy(y, w))(x)));
  return x;
}

const start = (): Tensor => tf.tensor2d([0.3, -0.7, 1.1, 0.2], [2, 2]);
const weights = (): Tensor => tf.tensor2d([0.5, -0.4, 0.8, 1.2], [2, 2]);

/** The kernels that a function runs, by name, with how often each runs; without copies, which the tape makes to save values. */
async function kernelsOf(run: () => Tensor): Promise<Record<string, number>> {
  const { kernels } = await tf.profile(() => tf.tidy(run));
  const counts: Record<string, number> = {};
  for (const { name } of kernels) {
    if (!/^[A-Z]/.test(name) || name === 'Identity') continue;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('stopGradient', () => {
  it('differentiates nothing upstream: the chain costs its forward pass and no more', async () => {
    const [x0, w] = [start(), weights()];
    const end = tf.tidy(() => chain(x0, w));
    const forward = await kernelsOf(() => chain(x0, w));
    const loss = await kernelsOf(() => tf.grad((v) => energy(end, v))(w));
    const both = await kernelsOf(() => tf.grad((v) => energy(stopGradient(chain(x0, v)), v))(w));
    const expected: Record<string, number> = {};
    for (const counts of [forward, loss]) {
      for (const [name, count] of Object.entries(counts)) expected[name] = (expected[name] ?? 0) + count;
    }
    expect(both).toEqual(expected);
    tf.dispose([x0, w, end]);
  });

  it('gives the gradient that a constant would give, to the bit', () => {
    tf.tidy(() => {
      const [x0, w] = [start(), weights()];
      const end = chain(x0, w);
      const stopped = tf.grad((v) => energy(stopGradient(chain(x0, v)), v))(w);
      const constant = tf.grad((v) => energy(end, v))(w);
      expect(stopped.dataSync()).toEqual(constant.dataSync());
    });
  });

  it('works in a gradient of a gradient, and leaves no tensors behind', () => {
    // d/dx [x stop(x)] = stop(x), whose own gradient is that of a constant: d/dx [x^2 + x stop(x)]' = 2.
    const first = (x: Tensor): Tensor => tf.grad((y) => tf.add(tf.square(y), tf.mul(y, stopGradient(y))))(x);
    expectNoLeaks(() => {
      tf.tidy(() => {
        const x = tf.scalar(3);
        expect(first(x).dataSync()[0]).toBe(9);
        expect(tf.grad(first)(x).dataSync()[0]).toBe(2);
      });
    });
  });
});
