import { elementwise, withGradient } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { sumToShape } from './differentiable';

const at = (f: (x: Tensor) => Tensor, x: number): number => tf.tidy(() => f(tf.scalar(x)).dataSync()[0]!);
const derivative = (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) => tf.grad((x) => f(x) as Scalar);

describe('elementwise', () => {
  const sine = (x: Tensor): Tensor => elementwise(tf.sin, cosine)(x);
  const cosine = (x: Tensor): Tensor => elementwise(tf.cos, (x) => tf.neg(sine(x)))(x);

  it('can be differentiated as often as its derivative can', () => {
    const third = derivative(derivative(derivative(sine)));
    expect(at(third, 0.7)).toBeCloseTo(-Math.cos(0.7), 6);
  });

  it('is right where the gradient of tfjs is silently wrong', () => {
    const tanh = (x: Tensor): Tensor => elementwise(tf.tanh, (x) => tf.sub(1, tf.square(tanh(x))))(x);
    const [slope, x] = [1 - Math.tanh(0.5) ** 2, 0.5];
    const second = 2 * slope - 2 * x * Math.tanh(x) * slope;
    const byTfjs = derivative(derivative((x) => tf.mul(x, tf.tanh(x))));
    const byUs = derivative(derivative((x) => tf.mul(x, tanh(x))));
    expect(at(byUs, x)).toBeCloseTo(second, 6);
    expect(Math.abs(at(byTfjs, x) - second)).toBeGreaterThan(0.1);
  });

  it('takes the value as a black box', () => {
    const staircase = elementwise(tf.floor, tf.onesLike);
    expect(at(derivative(staircase), 1.5)).toBe(1);
  });
});

describe('withGradient', () => {
  it('gives each input its own gradient, which can be differentiated again', () => {
    const product = (a: Tensor, b: Tensor) =>
      withGradient([a, b], ([a, b]) => tf.mul(a!, b!), (dy, [a, b]) => [tf.mul(dy, b!), tf.mul(dy, a!)]); // prettier-ignore
    const cube = (x: Tensor) => product(x, tf.square(x));
    expect(at(cube, 2)).toBeCloseTo(8, 6);
    expect(at(derivative(cube), 2)).toBeCloseTo(12, 6);
    expect(at(derivative(derivative(cube)), 2)).toBeCloseTo(12, 6);
  });
});

describe('sumToShape', () => {
  it('sums the axes that broadcasting added or stretched, and no others', () => {
    tf.tidy(() => {
      const gradient = tf.ones([2, 3, 4]);
      expect(sumToShape(gradient, [3, 1]).arraySync()).toEqual([[8], [8], [8]]);
      expect(sumToShape(gradient, [2, 3, 4])).toBe(gradient);
      expect(sumToShape(tf.ones([1, 2]), [1, 2]).shape).toEqual([1, 2]);
      expect(sumToShape(gradient, []).dataSync()[0]).toBe(24);
    });
  });
});
