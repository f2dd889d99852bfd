import { Key } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import { meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { gaussianDiffusion, logSnrSchedule, noiseLevel } from '../src/index';
import type { GaussianDiffusion, NoiseLevel, NoiseSchedule } from '../src/index';
import { GaussianDenoiser } from './analytic';

const [MEAN, DEVIATION] = [0.4, 0.7];
const [START, END] = [-13.3, 13];
const schedule = (): NoiseSchedule => logSnrSchedule({ start: START, end: END });
const model = (steps?: number): GaussianDiffusion =>
  gaussianDiffusion({
    shape: [1],
    network: new GaussianDenoiser({ mean: MEAN, deviation: DEVIATION }),
    parameterization: 'data',
    schedule: schedule(),
    ...(steps !== undefined && { steps }),
  });
const values = (x: Tensor): number[] => [...x.dataSync()];
const average = (x: readonly number[]): number => x.reduce((sum, each) => sum + each, 0) / x.length;

/** The mean of the third term over all times and all noise: it is a polynomial of degree 2 in the noise, so -1 and 1 are enough. */
function diffusionTerm(diffusion: GaussianDiffusion, x: number, times: readonly number[]): number {
  return tf.tidy(() => {
    const n = times.length;
    const t = tf.tensor1d([...times, ...times]);
    const noise = tf.concat([tf.ones([n, 1]), tf.neg(tf.ones([n, 1]))]);
    return average(values(diffusion.diffusionTerm(tf.fill([2 * n, 1], x), { t, noise })));
  });
}

const midpoints = (n: number): number[] => Array.from({ length: n }, (_, index) => (index + 0.5) / n);

/** Minus the bound with all three expectations in closed form or by quadrature. */
function negativeBound(diffusion: GaussianDiffusion, x: number, times: readonly number[]): number {
  const reconstruction = 0.5 * (1 + START + Math.log(2 * Math.PI));
  const prior = tf.tidy(() => values(diffusion.boundTerms(tf.tensor2d([[x]]), Key.of(0)).prior)[0]!);
  return reconstruction + prior + diffusionTerm(diffusion, x, times);
}

const truth = (x: number): number =>
  0.5 * ((x - MEAN) / DEVIATION) ** 2 + Math.log(DEVIATION) + 0.5 * Math.log(2 * Math.PI);

it.each([-1.5, 0.4, 2])('the bound of a perfect denoiser of a Gaussian is its log-density at %f', (x) => {
  expect(Math.abs(negativeBound(model(), x, midpoints(4000)) - truth(x))).toBeLessThan(1e-3);
});

it('the bound with T steps falls with T, to that of continuous time', () => {
  const continuous = negativeBound(model(), 1, midpoints(4000));
  const bounds = [5, 20, 100, 1000].map((steps) => negativeBound(model(steps), 1, midpoints(steps)));
  for (const [index, bound] of bounds.entries()) {
    expect(bound).toBeGreaterThan(continuous);
    if (index > 0) expect(bound).toBeLessThan(bounds[index - 1]!);
  }
  // The gap is of order 1 / T.
  expect((bounds[2]! - continuous) / (bounds[3]! - continuous)).toBeGreaterThan(8);
});

/** {@link GaussianDenoiser} with the variance of the reverse of each of `steps` steps, which is normal for normal data. */
class GaussianReverse extends GaussianDenoiser {
  constructor(readonly steps: number) {
    super({ mean: MEAN, deviation: DEVIATION });
  }

  protected override forward(z: Tensor, call: CallOptions): Tensor {
    const gamma = tf.sub(tf.mul(20, tf.slice(call.context!, [0, 0], [z.shape[0]!, 1])), 13);
    const [from, to] = [gamma, tf.sub(gamma, (END - START) / this.steps)].map(noiseLevel) as [
      NoiseLevel,
      NoiseLevel,
    ];
    // Var[z_s | z_t] = beta~ + (alpha_s c)^2 Var[x | z_t], where (alpha_s c)^2 / beta~ is the difference of the SNRs.
    const spread = tf.add(tf.square(tf.mul(DEVIATION, from.alpha)), tf.square(from.sigma));
    const ofData = tf.div(tf.square(tf.mul(DEVIATION, from.sigma)), spread);
    const difference = tf.sub(tf.exp(tf.neg(to.gamma)), tf.exp(tf.neg(from.gamma)));
    const excess = tf.log1p(tf.mul(difference, ofData));
    const share = tf.div(excess, tf.mul(2, tf.log(tf.div(from.sigma, to.sigma))));
    return tf.stack([super.forward(z, call), share], -1);
  }
}

it.each([3, 10])(
  'with learned variances, %i steps are enough for the log-density, and for its draws',
  (steps) => {
    const learned = gaussianDiffusion({
      ...{ shape: [1], network: new GaussianReverse(steps), parameterization: 'data' },
      ...{ schedule: schedule(), steps, variance: 'learned' },
    });
    for (const x of [-1.5, 1])
      expect(Math.abs(negativeBound(learned, x, midpoints(steps)) - truth(x))).toBeLessThan(1e-3);
    tf.tidy(() => {
      const drawn = values(learned.sample(Key.of(4), 4000));
      const [first, second] = [meanAndError(drawn), meanAndError(drawn.map((x) => (x - MEAN) ** 2))];
      expect(Math.abs(first.mean - MEAN)).toBeLessThan(STANDARD_ERRORS * first.standardError);
      expect(Math.abs(second.mean - DEVIATION ** 2)).toBeLessThan(STANDARD_ERRORS * second.standardError);
    });
  },
);

it('draws of the parts of the bound have these means', () => {
  tf.tidy(() => {
    const diffusion = model();
    const n = 20_000;
    const { reconstruction, diffusion: third } = diffusion.boundTerms(tf.fill([n, 1], 1), Key.of(1));
    for (const [draws, expected] of [
      [reconstruction, 0.5 * (1 + START + Math.log(2 * Math.PI))],
      [third, diffusionTerm(diffusion, 1, midpoints(4000))],
    ] as const) {
      const { mean, standardError } = meanAndError(values(draws));
      expect(Math.abs(mean - expected)).toBeLessThan(STANDARD_ERRORS * standardError);
    }
  });
});

it('q(z_t | x) and q(z_s | z_t, x) are those of the steps of noise', () => {
  tf.tidy(() => {
    // DGM Eq. 4.90, step by step: z_i = sqrt(1 - beta_i) z_{i - 1} + sqrt(beta_i) noise.
    const [n, x] = [20_000, 0.8];
    const times = [0, 0.2, 0.4, 0.5, 0.6];
    const levels = times.map((t) => noiseLevel(schedule().gamma(tf.scalar(t))));
    const [alphas, sigmas] = [
      levels.map(({ alpha }) => values(alpha)[0]!),
      levels.map(({ sigma }) => values(sigma)[0]!),
    ];
    let z: Tensor = tf.add(alphas[0]! * x, tf.mul(sigmas[0]!, Key.of(2).normal([n])));
    let before = z;
    for (let i = 1; i < times.length; i++) {
      const kept = alphas[i]! / alphas[i - 1]!;
      before = z;
      z = tf.add(tf.mul(kept, z), tf.mul(Math.sqrt(1 - kept ** 2), Key.of(3).fold(i).normal([n])));
    }
    const [t, s] = [times.length - 1, times.length - 2];
    const isNear = (draws: Tensor, expected: number): void => {
      const { mean, standardError } = meanAndError(values(draws));
      expect(Math.abs(mean - expected)).toBeLessThan(STANDARD_ERRORS * standardError);
    };
    isNear(z, alphas[t]! * x); // Eq. 4.98
    isNear(tf.square(tf.sub(z, alphas[t]! * x)), sigmas[t]! ** 2);

    const beta = 1 - (alphas[t]! / alphas[s]!) ** 2; // Eq. 4.99-4.101
    const mean = tf.add(
      ((alphas[s]! * beta) / sigmas[t]! ** 2) * x,
      tf.mul(((alphas[t]! / alphas[s]!) * sigmas[s]! ** 2) / sigmas[t]! ** 2, z),
    );
    const left = tf.sub(before, mean);
    isNear(left, 0);
    isNear(tf.mul(left, z), 0);
    isNear(tf.square(left), (beta * sigmas[s]! ** 2) / sigmas[t]! ** 2);
  });
});
