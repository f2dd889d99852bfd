import { stopGradient, tanh } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { simplify } from '../src/passes/simplify';
import { captured, expectSameResults, kernelsOf } from './support/describe-pass';

const energy = (x: Tensor, w: Tensor) => tf.sum(tf.square(tanh(tf.matMul(x, w as tf.Tensor2D))));

/** One step down the energy. */
const moved = (x: Tensor, w: Tensor) => tf.sub(x, tf.mul(0.1, tf.grad((y) => energy(y, w))(x)));

const gradient = (end: (w: Tensor) => Tensor, w: Tensor) => tf.grad((v) => energy(end(v), v))(w);

const inputs = [
  [3, 2],
  [2, 2],
];

test('a captured gradient holds nothing for what lies upstream of stopGradient', async () => {
  const cut = {
    f: (x?: Tensor, w?: Tensor) => gradient((v) => stopGradient(moved(x!, v)), w!),
    inputs,
    left: [],
  };
  const constant = {
    f: (x?: Tensor, w?: Tensor) => {
      const end = moved(x!, w!);
      return gradient(() => end, w!);
    },
    inputs,
    left: [],
  };
  expect(kernelsOf(simplify(captured(cut)))).toEqual(kernelsOf(simplify(captured(constant))));
  await expectSameResults(captured(cut), captured(constant), inputs, 1e-12);
});
