import { compileSampler } from '@dgm/compile';
import { adam, asLayer, Dense, DgmError, fit, Key, mlp, runSamplingLoop } from '@dgm/core';
import type { Layer } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { scoreMatching } from '../src/index';
import type { ScoreMatching, ScoreMatchingOptions } from '../src/index';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const [MEAN, DEVIATION] = [0.5, 0.8];

/** $s(x) = (m - x) / v$ for each of two entries. */
const linear = (mean: number, variance: number): Layer => asLayer((x) => tf.div(tf.sub(mean, x), variance));
const withScore = (network: Layer, options: Partial<ScoreMatchingOptions> = {}): ScoreMatching =>
  scoreMatching({ shape: [2], network, ...options });
const data = (n: number): Tensor => tf.add(MEAN, tf.mul(DEVIATION, Key.of(1).normal([n, 2])));

describe.each(['denoising', 'exact', 'sliced'] as const)('%s', (objective) => {
  /** The losses of many batches, so that their mean has an error. */
  const losses = (mean: number, variance: number): number[] =>
    tf.tidy(() => {
      const model = withScore(linear(mean, variance), { objective, noiseStd: 0.5 });
      const [only] = model.objectives();
      const rows = tf.split(data(1200), 30);
      return rows.map((x, index) => values(only!.loss(x, key.fold(index), { training: false }).total)[0]!);
    });

  it('has the expectation of its equation for a Gaussian', () => {
    const [m, v] = [0.2, 1.1];
    const { mean, standardError } = meanAndError(losses(m, v));
    const squares = DEVIATION ** 2 + (MEAN - m) ** 2;
    // With two entries: E |(m - x - s e) / v + e / s|^2 / 2, or -2 / v + E |m - x|^2 / (2 v^2).
    const expected =
      objective === 'denoising' ? squares / v ** 2 + (1 / 0.5 - 0.5 / v) ** 2 : -2 / v + squares / v ** 2;
    expect(Math.abs(mean - expected)).toBeLessThan(STANDARD_ERRORS * standardError);
  });

  it('is least for the true score', () => {
    const truth = DEVIATION ** 2 + (objective === 'denoising' ? 0.25 : 0);
    const average = (mean: number, variance: number): number => meanAndError(losses(mean, variance)).mean;
    const least = average(MEAN, truth);
    for (const [m, v] of [
      [MEAN + 0.4, truth],
      [MEAN, 1.6 * truth],
      [MEAN, truth / 1.6],
    ])
      // prettier-ignore
      expect(average(m!, v!)).toBeGreaterThan(least);
  });

  it('learns the score of a Gaussian', async () => {
    const model = withScore(new Dense({ inputs: 2, outputs: 2, key }), { objective, noiseStd: 0.2 });
    const x = data(400);
    const train = { count: 400, shape: [2], values: Float32Array.from(values(x)) };
    const optimizer = adam({ learningRate: 0.05 });
    await fit(model, { train }, { key, optimizer, batchSize: 100, epochs: 40 });
    tf.tidy(() => {
      const variance = DEVIATION ** 2 + (objective === 'denoising' ? 0.04 : 0);
      const at = tf.tensor2d([[-0.3, 1.3], [0.9, 0.5]]); // prettier-ignore
      const expected = values(at).map((each) => (MEAN - each) / variance);
      expect(values(model.score(at))).toBeCloseToArray(expected, { absolute: 0.35 });
    });
    x.dispose();
    model.dispose();
  });
});

it('draws by Langevin dynamics with the right temperature', async () => {
  const model = withScore(linear(MEAN, DEVIATION ** 2));
  const loop = model.samplingLoop(1000, { steps: 150, stepSize: 0.02 });
  const draws = runSamplingLoop(loop, key);
  const x = values(draws);
  const moments = [meanAndError(x), meanAndError(x.map((each) => (each - MEAN) ** 2))];
  expect(Math.abs(moments[0]!.mean - MEAN)).toBeLessThan(STANDARD_ERRORS * moments[0]!.standardError);
  // A step of size e leaves v / (1 - e / (2 v)).
  const variance = DEVIATION ** 2 / (1 - 0.02 / (2 * DEVIATION ** 2));
  expect(Math.abs(moments[1]!.mean - variance)).toBeLessThan(STANDARD_ERRORS * moments[1]!.standardError);
  const compiled = await compileSampler(loop);
  const other = await compiled.sample(key);
  expect(values(other)).toBeCloseToArray(x, { absolute: 1e-5 });
  compiled.dispose();
  tf.dispose([draws, other]);
});

it('refuses wrong options and networks without second derivatives, and leaves nothing behind', () => {
  const model = withScore(linear(0, 1));
  const wrong: readonly [() => unknown, string][] = [
    [() => withScore(linear(0, 1), { objective: 'implicit' as never }), 'argument'],
    [() => withScore(linear(0, 1), { noiseStd: 0 }), 'argument'],
    [() => scoreMatching({ shape: [2] } as never), 'argument'],
    [
      () =>
        withScore(
          asLayer((x) => tf.tanh(x)),
          { objective: 'sliced' },
        ),
      'unsupported',
    ],
    [() => model.sample(key, 1, { steps: 0 }), 'argument'],
    [() => model.sample(key, 1, { step: 1 } as never), 'argument'],
  ];
  for (const [run, code] of wrong)
    expectNoLeaks(() =>
      expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, code as 'argument'))),
    );
  expect(() =>
    withScore(mlp([2, 4, 2], { key, activation: 'swish' }), { objective: 'exact' }).dispose(),
  ).not.toThrow();
  model.dispose();
});
