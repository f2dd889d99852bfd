import { asLayer, checkSecondDerivative, firstOrderKernels, Key, tanh } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { layers } from '../../test/nn.cases';

const x = tf.tidy(() => tf.keep(tf.add(tf.abs(Key.of(0).normal([1, 2, 2, 2])), 0.3)));
afterAll(() => x.dispose());

/** The derivative of the squared gradient of sum(f²) along one direction, by differentiation and by a difference. */
function secondDerivatives(f: (x: Tensor) => Tensor): number[] {
  return tf.tidy(() => {
    const gradient = tf.grad((x: Tensor) => tf.sum(tf.square(f(x))));
    const penalty = (x: Tensor): tf.Scalar => tf.sum(tf.square(gradient(x)));
    const way = Key.of(1).normal(x.shape);
    const at = (offset: number): number => penalty(tf.add(x, tf.mul(offset, way))).dataSync()[0]!;
    const slope = tf.sum(tf.mul(way, tf.grad(penalty)(x)));
    return [slope.dataSync()[0]!, (at(0.01) - at(-0.01)) / 0.02];
  });
}

const wrong: Record<string, (x: Tensor) => Tensor> = {
  Elu: (x) => tf.elu(tf.neg(x)),
  Exp: tf.exp,
  Sigmoid: tf.sigmoid,
  Softmax: (x) => tf.mul(10, tf.softmax(x)),
  Tanh: tf.tanh,
  AvgPool: (x) => tf.avgPool(x as Tensor4D, 2, 1, 'valid'),
  MaxPool: (x) => tf.maxPool(x as Tensor4D, 2, 1, 'valid'),
  ClipByValue: (x) => tf.clipByValue(x, -5, 5),
  LeakyRelu: (x) => tf.leakyRelu(x),
  Max: (x) => tf.max(x),
  Selu: tf.selu,
  ResizeBilinear: (x) => tf.image.resizeBilinear(x as Tensor4D, [4, 4]),
};

describe('firstOrderKernels', () => {
  it.each(Object.entries(wrong))(
    'finds %s, which is wrong or fails when differentiated twice',
    (kernel, f) => {
      expect(firstOrderKernels(f, x)).toContain(kernel);
      const isRight = (): boolean => {
        try {
          const [automatic, numerical] = secondDerivatives(f);
          return Math.abs(automatic! - numerical!) < 0.02 * Math.max(1, Math.abs(numerical!));
        } catch {
          return false;
        }
      };
      expect(isRight()).toBe(false);
    },
  );

  it('finds nothing in functions that are right, and nothing that x does not enter', () => {
    const kernel = tf.ones<tf.Rank.R4>([2, 2, 2, 3]);
    const right: ((x: Tensor) => Tensor)[] = [
      tf.relu,
      tf.expm1,
      tf.softplus,
      tf.square,
      tf.sqrt,
      tf.sin,
      tf.erf,
      (x) => tf.conv2d(x as Tensor4D, kernel, 1, 'same'),
      (x) => tf.mul(tanh(x), tf.exp(tf.scalar(1))),
    ];
    for (const f of right) {
      expect(expectNoLeaks(() => firstOrderKernels(f, x))).toEqual([]);
      const [automatic, numerical] = secondDerivatives(f);
      expect(Math.abs(automatic! - numerical!)).toBeLessThan(0.02 * Math.max(1, Math.abs(numerical!)));
    }
    kernel.dispose();
  });

  it('finds nothing in any layer of core', () => {
    for (const make of Object.values(layers)) {
      const { make: build, input, call, inputGradient = true } = make();
      if (typeof input === 'function' || !inputGradient) continue;
      const layer = build(Key.of(0));
      const at = tf.tensor(input as tf.TensorLike);
      expect(firstOrderKernels((x) => layer.apply(x, call), at)).toEqual([]);
      layer.dispose();
      at.dispose();
    }
  });

  it('lets checkSecondDerivative refuse a network by name', () => {
    const network = asLayer((x) => tf.sigmoid(tf.tanh(x)));
    expect(() => checkSecondDerivative('gradientPenalty', (x) => network.apply(x), x)).toThrow(
      /gradientPenalty.*second derivatives.*Sigmoid, Tanh/,
    );
    expect(() => checkSecondDerivative('gradientPenalty', tanh, x)).not.toThrow();
    network.dispose();
  });
});
