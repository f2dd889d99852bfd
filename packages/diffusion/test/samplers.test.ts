import { readFileSync } from 'node:fs';
import { compileSampler } from '@dgm/compile';
import { DgmError, inputsOfStep, Key, runSamplingLoop } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  ancestral,
  annealedLangevin,
  dataEstimate,
  ddim,
  dpmSolver,
  gaussianDiffusion,
  heun,
  logSnrSchedule,
  mlpDenoiser,
  noiseEstimate,
  noiseLevel,
  predictorCorrector,
} from '../src/index';
import type { DiffusionSampler, GaussianDiffusion, NoiseLevel, Parameterization } from '../src/index';
import { GaussianDenoiser } from './analytic';

const golden = JSON.parse(readFileSync(new URL('golden/steps.json', import.meta.url), 'utf8')) as {
  readonly alphaBars: Readonly<Record<'t' | 's' | 'u', number>>;
  readonly posterior: { readonly mean: number[]; readonly variance: number };
  readonly ddimHalf: { readonly mean: number[]; readonly sigma: number };
} & Readonly<Record<'z' | 'xHat' | 'xBefore' | 'noise' | 'velocity' | 'score' | 'ddim' | 'dpm', number[]>>;
const values = (x: Tensor): number[] => [...x.dataSync()];
const matrix = (numbers: readonly number[]): Tensor => tf.tensor(numbers as number[], [2, 3]);
const levelOf = (alphaBar: number): NoiseLevel => noiseLevel(tf.scalar(Math.log((1 - alphaBar) / alphaBar)));
const key = Key.of(0);

describe('one step in doubles', () => {
  const step = (sampler: DiffusionSampler, memory = {}): number[] =>
    values(
      sampler.step({
        ...{ z: matrix(golden.z), from: levelOf(golden.alphaBars.t), to: levelOf(golden.alphaBars.s) },
        ...{ denoise: () => matrix(golden.xHat), memory, key },
      }).z,
    );

  it('ancestral: mean and variance of the posterior', () => {
    tf.tidy(() => {
      const noise = values(key.normal([2, 3]));
      const { mean, variance } = golden.posterior;
      expect(step(ancestral())).toBeCloseToArray(mean.map((m, i) => m + Math.sqrt(variance) * noise[i]!));
    });
  });

  it('ddim', () => {
    tf.tidy(() => {
      const noise = values(key.normal([2, 3]));
      const { mean, sigma } = golden.ddimHalf;
      expect(step(ddim())).toBeCloseToArray(golden.ddim);
      expect(step(ddim({ eta: 0.5 }))).toBeCloseToArray(mean.map((m, i) => m + sigma * noise[i]!));
    });
  });

  it('dpmSolver: of order 1 at first, then of order 2', () => {
    tf.tidy(() => {
      const { t, u } = golden.alphaBars;
      const h = tf.div(tf.sub(levelOf(u).gamma, levelOf(t).gamma), 2);
      expect(step(dpmSolver(), { xHat: matrix(golden.xBefore), h })).toBeCloseToArray(golden.dpm);
      expect(step(dpmSolver(), dpmSolver().memory!([2, 3]))).toBeCloseToArray(golden.ddim);
    });
  });

  it.each(['noise', 'velocity', 'score'] as const)('what %s says of the data', (name: Parameterization) => {
    tf.tidy(() => {
      const level = levelOf(golden.alphaBars.t);
      const output = matrix(golden[name as 'noise']);
      const xHat = dataEstimate(name, { output, z: matrix(golden.z), level });
      expect(values(xHat)).toBeCloseToArray(golden.xHat, { absolute: 2e-6 });
      expect(values(noiseEstimate(xHat, matrix(golden.z), level))).toBeCloseToArray(golden.noise, {
        absolute: 2e-6,
      });
    });
  });
});

it('ddim without noise is a step of Euler for the probability-flow ODE', () => {
  tf.tidy(() => {
    const [from, to] = [noiseLevel(tf.scalar(0.3)), noiseLevel(tf.scalar(0.1))];
    const z = key.normal([4, 3]);
    const denoise = (z: Tensor): Tensor => tf.tanh(z);
    const y = tf.div(z, from.alpha);
    const [s, end] = [tf.div(from.sigma, from.alpha), tf.div(to.sigma, to.alpha)];
    const euler = tf.add(y, tf.mul(tf.sub(end, s), tf.div(tf.sub(y, denoise(z)), s)));
    const made = ddim().step({ z, from, to, denoise, memory: {}, key });
    expect(values(made.z)).toBeCloseToArray(values(tf.mul(to.alpha, euler)), { absolute: 1e-5 });
  });
});

describe('with a perfect denoiser of a Gaussian', () => {
  const [mean, deviation] = [0.4, 0.7];
  const [start, end] = [-8, 6];
  const model = gaussianDiffusion({
    shape: [1],
    network: new GaussianDenoiser({ mean, deviation }),
    parameterization: 'data',
    schedule: logSnrSchedule({ start, end }),
  });
  /** The largest error over draws of z_0 against the exact solution of the ODE. */
  const error = (sampler: DiffusionSampler): number =>
    tf.tidy(() => {
      const loop = model.samplingLoop(64, { sampler });
      let state = loop.start({}, key);
      const first = values(state['z']!);
      for (let step = 1; step <= loop.steps; step++) state = loop.next(state, inputsOfStep(loop, step), key);
      const [a, b] = [end, start].map((gamma) => {
        const alpha2 = 1 / (1 + Math.exp(gamma));
        return { alpha: Math.sqrt(alpha2), total: Math.sqrt(alpha2 * deviation ** 2 + 1 - alpha2) };
      });
      // Each value keeps its quantile: z - alpha m scales with the deviation of z_t.
      const exact = first.map((z) => b!.alpha * mean + (b!.total / a!.total) * (z - a!.alpha * mean));
      return Math.max(...values(state['z']!).map((z, index) => Math.abs(z - exact[index]!)));
    });

  it.each([
    ['ddim', (steps: number) => ddim({ steps }), 1],
    ['dpmSolver', (steps: number) => dpmSolver({ steps }), 2],
    ['heun', (steps: number) => heun({ steps }), 2],
  ] as const)('%s solves the probability-flow ODE to its order', (_, make, order) => {
    const [coarse, fine] = [error(make(64)), error(make(128))];
    expect(Math.log2(coarse / fine)).toBeGreaterThan(order - 0.2);
    expect(fine).toBeLessThan(order === 1 ? 0.05 : 2e-3);
  });

  it.each([
    ['ancestral', ancestral({ steps: 200 })],
    ['ddim (eta 0.5)', ddim({ steps: 200, eta: 0.5 })],
    ['heun (churn)', heun({ steps: 60, churn: 0.05 })],
    ['predictorCorrector', predictorCorrector({ steps: 100 })],
  ])('%s draws with its mean and variance', (_, sampler) => {
    tf.tidy(() => {
      const x = model.sample(key, 2000, { sampler });
      const moments = [meanAndError(values(x)), meanAndError(values(tf.square(tf.sub(x, mean))))];
      expect(Math.abs(moments[0]!.mean - mean)).toBeLessThan(STANDARD_ERRORS * moments[0]!.standardError);
      // Steps that are finite lose about 1 % of the variance.
      const limit = STANDARD_ERRORS * moments[1]!.standardError + 0.015 * deviation ** 2;
      expect(Math.abs(moments[1]!.mean - deviation ** 2)).toBeLessThan(limit);
    });
  });
});

it('annealedLangevin has the moments that its recursion has for a Gaussian', () => {
  const [mean, deviation, start, end] = [0.4, 0.7, -8, 6];
  const [steps, corrections, r] = [20, 3, 0.3];
  let [expected, variance] = [0, 1];
  for (let step = 0; step < steps; step++) {
    const [from, to] = [step, step + 1].map((index) => end + ((start - end) * index) / steps);
    const alpha2 = (gamma: number): number => 1 / (1 + Math.exp(gamma));
    const [kept, a2] = [alpha2(to!) / alpha2(from!), alpha2(to!)];
    expected *= Math.sqrt(kept);
    variance *= kept;
    // z <- z - epsilon (z - alpha m) / v + sqrt(2 epsilon) noise, for data with noise of the variance v.
    const epsilon = 2 * r ** 2 * (1 - a2);
    const left = 1 - epsilon / (a2 * deviation ** 2 + 1 - a2);
    for (let index = 0; index < corrections; index++) {
      expected = Math.sqrt(a2) * mean + left * (expected - Math.sqrt(a2) * mean);
      variance = left ** 2 * variance + 2 * epsilon;
    }
  }
  tf.tidy(() => {
    const model = gaussianDiffusion({
      ...{ shape: [1], parameterization: 'data', schedule: logSnrSchedule({ start, end }) },
      network: new GaussianDenoiser({ mean, deviation }),
    });
    const sampler = annealedLangevin({ steps, corrections, signalToNoise: r });
    const x = values(model.sample(key, 2000, { sampler }));
    const moments = [meanAndError(x), meanAndError(x.map((each) => (each - mean) ** 2))];
    expect(Math.abs(moments[0]!.mean - expected)).toBeLessThan(STANDARD_ERRORS * moments[0]!.standardError);
    expect(variance).toBeGreaterThan(1.2 * deviation ** 2);
    expect(Math.abs(moments[1]!.mean - variance)).toBeLessThan(
      STANDARD_ERRORS * moments[1]!.standardError + 2e-3,
    );
  });
});

const small = (options: { readonly contextSize?: number } = {}): GaussianDiffusion =>
  gaussianDiffusion({
    ...{ shape: [2, 2], levels: 3, schedule: logSnrSchedule({ start: -6, end: 4 }), ...options },
    network: mlpDenoiser({ shape: [2, 2], outputs: 3, features: 8, blocks: 1, key: Key.of(1), ...options }),
  });

it.each([
  ['ancestral', ancestral({ steps: 4 })],
  ['ddim', ddim({ steps: 4 })],
  ['dpmSolver', dpmSolver({ steps: 4 })],
  ['heun', heun({ steps: 4, churn: 0.1 })],
  ['predictorCorrector', predictorCorrector({ steps: 4 })],
  ['annealedLangevin', annealedLangevin({ steps: 4, corrections: 2 })],
])('%s draws the same compiled, by one capture', async (_, sampler) => {
  const model = small();
  const loop = model.samplingLoop(5, { sampler });
  const compiled = await compileSampler(loop);
  const [eager, other] = [runSamplingLoop(loop, key), await compiled.sample(key)];
  expect(values(other)).toEqual(values(eager));
  compiled.dispose();
  tf.dispose([eager, other]);
  model.dispose();
});

it('keeps given entries to the bit, and draws the others with them', () => {
  const model = small();
  tf.tidy(() => {
    const given = tf.tensor3d([[[2, 0], [0, 1]], [[1, 1], [0, 0]]]); // prettier-ignore
    const x = model.sample(key, 2, {
      sampler: ancestral({ steps: 4 }),
      given: { values: given, known: [true, false, false, true] },
    });
    expect(values(x).filter((_, index) => [0, 3].includes(index % 4))).toEqual([2, 1, 1, 0]);
  });
  model.dispose();
});

it('guidance moves away from what is drawn without a condition', () => {
  const model = small({ contextSize: 2 });
  tf.tidy(() => {
    const context = tf.tensor2d([[1, 0], [0, 1], [0, 0]]); // prettier-ignore
    const draw = (guidance: number, c: Tensor = context): number[] =>
      values(model.sample(key, 3, { context: c, guidance, sampler: ddim({ steps: 3 }) }));
    expect(draw(1)).toEqual(draw(1.0000001));
    expect(draw(0)).toEqual(draw(1, tf.zeros([3, 2])));
  });
  model.dispose();
});

it('refuses wrong options, and leaves nothing behind', () => {
  const model = small();
  const wrong = [
    () => model.sample(key, -1),
    () => model.sample(key, 1, { temperature: -1 }),
    () => model.sample(key, 1, { guide: 2 } as never),
    () => ddim({ eta: 2 }),
    () => ancestral({ steps: 0 }),
    () => heun({ churn: -1 }),
    () => predictorCorrector({ signalToNoise: 0 }),
    () => annealedLangevin({ corrections: 0 }),
    () => dpmSolver({ times: [1, 0.5] }),
    () => dpmSolver({ times: [1, 0.5, 0.5, 0] }),
  ];
  for (const run of wrong) {
    expectNoLeaks(() => expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument'))));
  }
  const context = tf.zeros([1, 2]);
  expectNoLeaks(() =>
    expect(() => model.sample(key, 1, { context })).toThrow(
      expect.toSatisfy((error) => DgmError.is(error, 'shape')),
    ),
  );
  expectNoLeaks(() => model.sample(key, 0, { sampler: ddim({ steps: 2 }) }).dispose());
  context.dispose();
  model.dispose();
});
