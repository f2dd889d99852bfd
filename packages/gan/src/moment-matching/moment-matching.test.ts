import { asLayer, gaussianKernel, Key, mlp } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { mmd } from './discrepancy';
import { MomentMatching, momentMatching } from './moment-matching';
import type { MomentMatchingOptions } from './moment-matching';

const key = Key.of(0);
const options = (): MomentMatchingOptions => ({
  latent: 2,
  generator: mlp([2, 8, 3], { key }),
  discrepancy: mmd({ kernel: gaussianKernel([1]) }),
});

test('shows the discrepancy integers as numbers from -1 to 1, and rounds what it draws', () => {
  let seen: number[] = [];
  const discrepancy = {
    name: 'spy',
    between: (x: tf.Tensor, y: tf.Tensor) => {
      seen = [...y.dataSync()];
      return tf.sum<tf.Scalar>(tf.sub(x, y));
    },
  };
  const model = momentMatching({ ...options(), discrepancy, levels: 5 });
  expect(model).toBeInstanceOf(MomentMatching);
  tf.tidy(() => {
    model.objectives()[0]!.loss(tf.tensor2d([[0, 2, 4]]), key, { training: true });
    expect(seen).toEqual([-1, 0, 1]);
    expect(() => model.sample(key, 2, { context: tf.zeros([2, 1]) })).toThrow('context');
    expect(() => model.sample(key, 2, { context: 3 as never })).toThrow('context');
    expect(model.sample(key, 50).dataSync().every(Number.isInteger)).toBe(true);
  });
  model.dispose();
});

test.each<[string, Partial<MomentMatchingOptions>, string]>([
  ['a misspelt option', { discrepency: 1 } as object, 'discrepancy'],
  ['a discrepancy that is none', { discrepancy: 'mmd' as never }, 'expected discrepancy to be'],
  ['no discrepancy', { discrepancy: undefined as never }, 'discrepancy'],
  ['no generator', { generator: undefined as never }, 'generator'],
  ['no latents', { latent: 0 }, 'latent'],
  ['one level', { levels: 1 }, 'levels'],
  ['a generator of scalars', { generator: asLayer((z) => tf.sum(z, 1)) }, 'output of the generator'],
])('refuses %s', (_, wrong, message) => {
  const given = options();
  expect(() => momentMatching({ ...given, ...wrong })).toThrow(message);
  (given.generator as ReturnType<typeof mlp>).dispose();
});
