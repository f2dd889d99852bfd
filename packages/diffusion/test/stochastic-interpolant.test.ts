import { compiled, compileSampler } from '@dgm/compile';
import { adam, BaseLayer, DgmError, fit, Key, rungeKutta, runSamplingLoop } from '@dgm/core';
import type { CallOptions, Examples } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { mlpDenoiser, randomPairs, stochasticInterpolant } from '../src/index';
import type { InterpolantSampleOptions, StochasticInterpolant } from '../src/index';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const SPREAD = 0.8;
/** Of where the paths end, and where they start. */
const [END, START] = [
  { mean: 0.4, deviation: 0.3 },
  { mean: -1, deviation: 1.5 },
];

/**
 * The velocity and the noise between two normal distributions: $z_t$ is normal with the mean $M_t = (1 - t) m_0 + t m_1$ and the
 * variance $S_t^2 = (1 - t)^2 s_0^2 + t^2 s_1^2 + \gamma^2$, so that $v = M' + (S^2)' / (2 S^2)\, (z - M)$ and
 * $\hat\epsilon = \gamma / S^2\, (z - M)$.
 */
class GaussianEstimates extends BaseLayer {
  constructor(readonly factor = 1) {
    super();
  }

  protected forward(z: Tensor, { context: t }: CallOptions): Tensor {
    const level = tf.mul(SPREAD, tf.square(tf.sin(tf.mul(Math.PI, t!))));
    const slope = tf.mul(SPREAD * Math.PI, tf.sin(tf.mul(2 * Math.PI, t!)));
    const rest = tf.sub(1, t!);
    const [end, start] = [END.deviation ** 2, START.deviation ** 2];
    const variance = tf.addN([tf.mul(end, tf.square(rest)), tf.mul(start, tf.square(t!)), tf.square(level)]);
    const halfSlope = tf.addN([tf.mul(-end, rest), tf.mul(start, t!), tf.mul(level, slope)]);
    const centred = tf.sub(z, tf.add(tf.mul(END.mean, rest), tf.mul(START.mean, t!)));
    const velocity = tf.add(START.mean - END.mean, tf.mul(tf.div(halfSlope, variance), centred));
    const noise = tf.mul(tf.div(level, variance), centred);
    return tf.mul(this.factor, tf.stack([velocity, noise], -1));
  }
}

const normal = (key: Key, n: number, { mean, deviation }: typeof END): Tensor =>
  tf.tidy(() => tf.add(mean, tf.mul(deviation, key.normal([n, 1]))));

const exact = (factor?: number): StochasticInterpolant =>
  stochasticInterpolant({ shape: [1], spread: SPREAD, network: new GaussianEstimates(factor) });

describe('with the exact velocity and noise between two Gaussians', () => {
  it.each([0, 1])('takes one to the other, with a stochasticity of %f', (stochasticity) => {
    tf.tidy(() => {
      const n = 1000;
      const start = normal(Key.of(1), n, START);
      const solver = rungeKutta(stochasticity === 0 ? { steps: 10 } : { steps: 100, order: 1 });
      const drawn = values(exact().sample(key, n, { start, solver, stochasticity }));
      const mean = meanAndError(drawn);
      const variance = meanAndError(drawn.map((x) => (x - END.mean) ** 2));
      expect(Math.abs(mean.mean - END.mean)).toBeLessThan(STANDARD_ERRORS * mean.standardError);
      expect(Math.abs(variance.mean - END.deviation ** 2)).toBeLessThan(
        STANDARD_ERRORS * variance.standardError,
      );
    });
  });

  it('one start has one end by the ODE, and many by the stochastic equation', () => {
    tf.tidy(() => {
      const start = tf.fill([50, 1], START.mean);
      const ends = (options: InterpolantSampleOptions): number[] =>
        values(exact().sample(key, 50, { start, ...options }));
      expect(new Set(ends({})).size).toBe(1);
      expect(new Set(ends({ stochasticity: 1 })).size).toBe(50);
    });
  });

  it('has a smaller loss than estimates that are too small or too large', () => {
    const [x, start] = [normal(Key.of(1), 4000, END), normal(Key.of(2), 4000, START)];
    const loss = (factor: number): number =>
      tf.tidy(
        () => values(exact(factor).objectives()[0]!.loss({ x, start }, key, { training: false }).total)[0]!,
      );
    const least = loss(1);
    for (const factor of [0.8, 1.2]) expect(loss(factor)).toBeGreaterThan(1.005 * least);
    tf.dispose([x, start]);
  });
});

const examplesOf = (x: Tensor): Examples => {
  const [count, ...shape] = x.shape as [number, ...number[]];
  const examples = { count, shape, values: Float32Array.from(values(x)) };
  x.dispose();
  return examples;
};

it('learns to take one data set to another', async () => {
  const train = examplesOf(normal(Key.of(1), 400, END));
  const source = examplesOf(normal(Key.of(2), 300, START));
  const network = mlpDenoiser({ shape: [1], outputs: 2, features: 16, blocks: 1, key });
  const model = stochasticInterpolant({ shape: [1], network });
  const options = { key, optimizer: adam({ learningRate: 5e-3 }), engine: compiled() };
  await fit(model, { train }, { ...options, batch: randomPairs(source), batchSize: 100, epochs: 60 });
  tf.tidy(() => {
    const start = tf.tensor2d(source.values as Float32Array, [300, 1]);
    for (const stochasticity of [0, 0.5]) {
      const drawn = values(model.sample(key, 300, { start, stochasticity }));
      const { mean } = meanAndError(drawn);
      const deviation = Math.sqrt(meanAndError(drawn.map((each) => (each - mean) ** 2)).mean);
      expect(Math.abs(mean - END.mean)).toBeLessThan(0.15);
      expect(Math.abs(deviation - END.deviation)).toBeLessThan(0.15);
    }
  });
  model.dispose();
});

it('pairs with examples of the other set alone, others each time', () => {
  const of = (...entries: number[]): Examples => ({
    ...{ count: entries.length, shape: [1] },
    values: Float32Array.from(entries),
  });
  const batch = randomPairs(of(5, 6, 7));
  const drawn = (key: Key): number[] => {
    const { x, start } = batch(of(1, 2), Int32Array.of(1, 0, 1, 0, 1, 0), { key, training: true });
    expect(values(x)).toEqual([2, 1, 2, 1, 2, 1]);
    const places = values(start);
    tf.dispose([x, start]);
    return places;
  };
  const all = [key, Key.of(1), Key.of(2)].map(drawn);
  expect(new Set(all.flat())).toEqual(new Set([5, 6, 7]));
  expect(all[0]).not.toEqual(all[1]);
  expect(drawn(key)).toEqual(all[0]);
});

const small = (): StochasticInterpolant =>
  stochasticInterpolant({
    ...{ shape: [2], contextSize: 2 },
    network: mlpDenoiser({ shape: [2], outputs: 2, features: 8, blocks: 1, contextSize: 2, key }),
  });

it('draws the same compiled, given starts and a condition', async () => {
  const model = small();
  const context = tf.tensor2d([[1, 0], [0, 1], [0, 0]]); // prettier-ignore
  const start = Key.of(3).normal([3, 2]);
  for (const stochasticity of [0, 0.5]) {
    const loop = model.samplingLoop(3, { context, start, stochasticity });
    const sampler = await compileSampler(loop);
    const [eager, other] = [runSamplingLoop(loop, key), await sampler.sample(key)];
    expect(values(other)).toBeCloseToArray(values(eager), { absolute: 1e-5 });
    sampler.dispose();
    tf.dispose([eager, other]);
  }
  tf.dispose([context, start]);
  model.dispose();
});

it('refuses what is wrong, and leaves nothing behind', () => {
  const model = small();
  const [x, narrow] = [tf.zeros([2, 2]), tf.zeros([2, 1])];
  const network = new GaussianEstimates();
  const { loss } = exact().objectives()[0]!;
  const wrong: readonly [() => unknown, 'argument' | 'shape'][] = [
    [() => stochasticInterpolant({ shape: [2] } as never), 'argument'],
    [() => stochasticInterpolant({ shape: [2], network, spread: 0 }), 'argument'],
    [() => stochasticInterpolant({ shape: [2], network, levels: 2 } as never), 'argument'],
    [() => exact().sample(key, 2, { start: x }), 'shape'],
    [() => exact().sample(key, 2, { solver: {} as never }), 'argument'],
    [() => exact().sample(key, 2, { stochasticity: -1 }), 'argument'],
    [() => exact().sample(key, 2, { noise: narrow } as never), 'argument'],
    [() => model.sample(key, 2), 'shape'],
    [() => loss({ x: narrow, start: x }, key, { training: true }), 'shape'],
    [() => randomPairs(undefined as never), 'argument'],
    [() => randomPairs({ count: 0, shape: [1], values: new Float32Array(0) }), 'argument'],
  ];
  for (const [run, code] of wrong)
    expectNoLeaks(() => expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, code))));
  tf.dispose([x, narrow]);
  model.dispose();
});
