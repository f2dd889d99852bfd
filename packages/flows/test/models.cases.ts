import { Key } from '@dgm/core';
import type { ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { dequantized, logitPreprocessing, realNvp } from '../src/index';

const DIMS = 4;

export const reals = () =>
  tf.tidy(() => {
    const noise = Key.of(1).normal([32, DIMS]);
    return tf.add(tf.mul(noise, 0.5), tf.tensor1d([1, -1, 2, 0]));
  });

/** Two clusters of integers from 0 to `levels` - 1. */
export const integers = (levels: number) => () =>
  tf.tidy(() => {
    const cluster = Key.of(1).bernoulli([32, 1], 0.5);
    const noise = Key.of(2).bernoulli([32, DIMS], 0.2);
    return tf.mul(tf.abs(tf.sub(tf.tile(cluster, [1, DIMS]), noise)), levels - 1);
  });

const small = { dims: DIMS, couplings: 2, hidden: [8] };

export const continuousModels: ModelTable = {
  realNvp: () => ({ make: (key) => realNvp({ ...small, key }), data: reals, wrongShape: [2, 5] }),
  'realNvp (rezero)': () => ({
    make: (key) => realNvp({ ...small, key, rezero: true }),
    data: reals,
    zeroGradient: zeroAtStart(2),
  }),
  'dequantized (uniform)': () => ({
    make: (key) =>
      dequantized({
        flow: realNvp({ ...small, key, preprocessing: logitPreprocessing({ levels: 5 }) }),
        levels: 5,
      }),
    data: integers(5),
    range: [0, 4],
  }),
};

/** Behind a factor of 0 no weight gets a gradient. */
function zeroAtStart(couplings: number): string[] {
  return Array.from({ length: couplings }, (_, index) =>
    ['logScale', 'shift'].flatMap((name) =>
      ['kernel', 'bias'].flatMap((weight) =>
        [0, 2].map((layer) => `map/${2 * index + 1}/network/${name}/network/${layer}/${weight}`),
      ),
    ),
  ).flat();
}
