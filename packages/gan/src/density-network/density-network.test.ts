import {
  asLayer,
  categoricalHead,
  choleskyFactor,
  evaluate,
  Key,
  mlp,
  MultivariateNormal,
  normalHead,
} from '@dgm/core';
import type { Examples } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { densityNetwork } from './density-network';
import type { DensityNetworkOptions, DensityNetwork } from './density-network';

const key = Key.of(0);
const WEIGHTS = [0.8, -0.5, 0.3];
const VARIANCE = 0.25;

/** x = w z + e with normal noise e: the linear case, which is probabilistic PCA. */
const linear = (numSamples: number): DensityNetwork =>
  densityNetwork({
    latent: 1,
    decoder: asLayer((z) =>
      tf.concat([tf.mul(z, tf.tensor2d([WEIGHTS])), tf.fill([z.shape[0]!, 3], Math.log(VARIANCE))], 1),
    ),
    likelihood: normalHead({ shape: [3] }),
    numSamples,
  });

test('rises with the draws to the likelihood of probabilistic PCA, in the linear case', async () => {
  const covariance = WEIGHTS.map((a, i) => WEIGHTS.map((b, j) => a * b + (i === j ? VARIANCE : 0)));
  const model = linear(1);
  const x = model.sample(key, 300);
  const exact = tf.tidy(() => {
    const density = MultivariateNormal.lowerTriangular(
      tf.zeros([3]),
      choleskyFactor(tf.tensor2d(covariance)),
    );
    return tf.mean(density.logProb(x)).dataSync()[0]!;
  });
  const means = [1, 4, 16, 256].map((numSamples) =>
    tf.tidy(() => tf.mean(linear(numSamples).elbo(x, key)).dataSync()[0]!),
  );
  for (const [index, mean] of means.entries()) expect(mean).toBeGreaterThan(means[index - 1] ?? -Infinity);
  expect(Math.abs(means.at(-1)! - exact)).toBeLessThan(0.03);

  const examples: Examples = { count: 300, shape: [3], values: x.dataSync() as Float32Array };
  const { nats, kind } = await evaluate(model, examples, { key, importanceSamples: 500 });
  expect(kind).toBe('importance-sampled');
  expect(Math.abs(nats + exact)).toBeLessThan(0.03);
  x.dispose();
});

/** A table of the README: x = z + e with normal noise e, of which the exact log-likelihood is known. */
test.each([
  { latent: 1, draws: 4 },
  { latent: 2, draws: 16 },
  { latent: 4, draws: 64 },
  { latent: 8, draws: 1024 },
])(
  'takes $draws draws to come within a nat of the likelihood with $latent latent variables',
  ({ latent, draws }) => {
    const std = 0.5;
    const model = densityNetwork({
      latent,
      decoder: asLayer((z) => tf.clone(z)),
      likelihood: normalHead({ shape: [latent], std }),
    });
    tf.tidy(() => {
      const x = model.sample(key.fold('x'), 100);
      const variance = 1 + std ** 2;
      const squares = tf.mean(tf.sum(tf.square(x), 1)).dataSync()[0]!;
      const exact = -0.5 * (squares / variance + latent * Math.log(2 * Math.PI * variance));
      const gap = (count: number): number => {
        const logWeights = model.logWeights(x, key, count);
        return exact - tf.mean(tf.sub(tf.logSumExp(logWeights, 0), Math.log(count))).dataSync()[0]!;
      };
      expect(() => model.sample(key, 2, { context: x })).toThrow('context');
      expect(gap(draws)).toBeLessThan(1);
      expect(gap(draws / 4)).toBeGreaterThan(1);
    });
  },
);

test.each<[string, Partial<DensityNetworkOptions>, string]>([
  ['no latents', { latent: 0 }, 'latent'],
  ['half a draw', { numSamples: 0.5 }, 'numSamples'],
  ['a misspelt option', { numSample: 3 } as object, 'numSamples'],
  ['no likelihood', { likelihood: undefined as never }, 'likelihood'],
])('refuses %s', (_, options, message) => {
  const likelihood = categoricalHead({ shape: [2], levels: 3 });
  const decoder = mlp([1, 6], { key });
  expect(() => densityNetwork({ latent: 1, decoder, likelihood, ...options })).toThrow(message);
  decoder.dispose();
});
