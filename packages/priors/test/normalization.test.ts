import { adam, fit, Key } from '@dgm/core';
import type { LikelihoodModel } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { clusters, priors } from './priors.cases';

const [REACH, STEP] = [12, 0.24];

/** The mass in the square of side 2 * REACH around the origin, by the trapezoidal rule. */
function mass(model: LikelihoodModel): number {
  const axis = tf.range(-REACH, REACH, STEP);
  const side = axis.shape[0]!;
  let total = 0;
  for (const z0 of axis.dataSync()) {
    const values = tf.tidy(() => model.logProb(tf.stack([tf.fill([side], z0), axis], 1)).dataSync());
    for (const value of values) total += Math.exp(value) * STEP * STEP;
  }
  axis.dispose();
  return total;
}

/** The normalizer of a resampled prior is a mean over 512 draws. */
const tolerance: Readonly<Record<string, number>> = { resampledPrior: 0.05 };

test.each(Object.entries(priors))('%s has the mass 1, before and after training', async (name, makeCase) => {
  const model = makeCase().make(Key.of(0)) as LikelihoodModel;
  const digits = tolerance[name] ?? 1e-3;
  expect(Math.abs(mass(model) - 1)).toBeLessThan(digits);
  const values = tf.tidy(() => clusters().dataSync()) as Float32Array;
  await fit(
    model,
    { train: { count: values.length / 2, shape: [2], values } },
    { key: Key.of(1), optimizer: adam({ learningRate: 1e-2 }), batchSize: 48, epochs: 50 },
  );
  expect(Math.abs(mass(model) - 1)).toBeLessThan(digits);
  model.dispose();
});
