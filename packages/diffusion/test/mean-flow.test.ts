import { compiled, compileSampler } from '@dgm/compile';
import { adam, BaseLayer, DgmError, fit, Key, runSamplingLoop } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { meanFlow, mlpDenoiser } from '../src/index';
import type { MeanFlow } from '../src/index';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const [MEAN, DEVIATION] = [0.4, 0.6];

/**
 * The mean velocity of data that are $\mathcal N(m, s^2)$: the ODE keeps $(z_t - (1 - t) m) / S_t$ with
 * $S_t^2 = (1 - t)^2 s^2 + t^2$. Where r = t it is the velocity.
 */
class GaussianMeanVelocity extends BaseLayer {
  constructor(readonly factor = 1) {
    super();
  }

  protected forward(z: Tensor, { context }: CallOptions): Tensor {
    const [t, length] = tf.split(context!, 2, 1) as [Tensor, Tensor];
    const r = tf.sub(t, length);
    const variance = (t: Tensor): Tensor =>
      tf.add(tf.mul(DEVIATION ** 2, tf.square(tf.sub(1, t))), tf.square(t));
    const centred = tf.sub(z, tf.mul(MEAN, tf.sub(1, t)));
    // (S_t - S_r) / (t - r) = (S_t^2 - S_r^2) / (t - r) / (S_t + S_r), whose numerator is a polynomial.
    const numerator = tf.sub(tf.mul(1 + DEVIATION ** 2, tf.add(t, r)), 2 * DEVIATION ** 2);
    const [now, then] = [tf.sqrt(variance(t)), tf.sqrt(variance(r))];
    const slope = tf.div(numerator, tf.mul(now, tf.add(now, then)));
    return tf.sub(tf.mul(tf.mul(this.factor, slope), centred), MEAN);
  }
}

describe('with the exact mean velocity of a Gaussian', () => {
  it('draws it in one step, and in as many as one likes the same', () => {
    tf.tidy(() => {
      const model = meanFlow({ shape: [1], network: new GaussianMeanVelocity() });
      const once = values(model.sample(key, 2000, { steps: 1 }));
      expect(values(model.sample(key, 2000, { steps: 5 }))).toBeCloseToArray(once, { absolute: 1e-5 });
      const moments = [meanAndError(once), meanAndError(once.map((x) => (x - MEAN) ** 2))];
      expect(Math.abs(moments[0]!.mean - MEAN)).toBeLessThan(STANDARD_ERRORS * moments[0]!.standardError);
      expect(Math.abs(moments[1]!.mean - DEVIATION ** 2)).toBeLessThan(
        STANDARD_ERRORS * moments[1]!.standardError,
      );
    });
  });

  it('has a smaller loss than one that is too small or too large', () => {
    const loss = (factor: number): number =>
      tf.tidy(() => {
        const model = meanFlow({ shape: [1], jumps: 0.5, network: new GaussianMeanVelocity(factor) });
        const x = tf.add(MEAN, tf.mul(DEVIATION, Key.of(1).normal([4000, 1])));
        return values(model.objectives()[0]!.loss(x, key, { training: false }).total)[0]!;
      });
    const least = loss(1);
    for (const factor of [0.8, 1.2]) expect(loss(factor)).toBeGreaterThan(1.005 * least);
  });
});

it('learns to draw a Gaussian in one step', async () => {
  const network = mlpDenoiser({ shape: [1], contextSize: 1, features: 16, blocks: 1, key });
  const model = meanFlow({ shape: [1], jumps: 0.75, network });
  const x = tf.tidy(() => tf.add(MEAN, tf.mul(DEVIATION, Key.of(1).normal([500, 1]))));
  const train = { count: 500, shape: [1], values: Float32Array.from(values(x)) };
  const options = { key, optimizer: adam({ learningRate: 5e-3 }), engine: compiled() };
  await fit(model, { train }, { ...options, batchSize: 100, epochs: 60 });
  tf.tidy(() => {
    const draws = values(model.sample(key, 1000, { steps: 1 }));
    const { mean } = meanAndError(draws);
    const deviation = Math.sqrt(meanAndError(draws.map((each) => (each - mean) ** 2)).mean);
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.15);
    expect(Math.abs(deviation - DEVIATION)).toBeLessThan(0.15);
  });
  x.dispose();
  model.dispose();
});

const small = (): MeanFlow =>
  meanFlow({
    ...{ shape: [2], levels: 4, contextSize: 2 },
    network: mlpDenoiser({ shape: [2], features: 8, blocks: 1, contextSize: 3, key }),
  });

it('draws the same compiled, integers given a condition', async () => {
  const model = small();
  const context = tf.tensor2d([[1, 0], [0, 1], [0, 0]]); // prettier-ignore
  const loop = model.samplingLoop(3, { context, temperature: 0.9 });
  const sampler = await compileSampler(loop);
  const [eager, other] = [runSamplingLoop(loop, key), await sampler.sample(key)];
  expect(values(other)).toEqual(values(eager));
  expect(values(eager).every((each) => [0, 1, 2, 3].includes(each))).toBe(true);
  sampler.dispose();
  tf.dispose([eager, other, context]);
  model.dispose();
});

it('refuses what is wrong, and leaves nothing behind', () => {
  const model = small();
  const x = tf.zeros([2, 2]);
  const wrong: readonly [() => unknown, 'argument' | 'shape'][] = [
    [() => meanFlow({ shape: [2] } as never), 'argument'],
    [() => meanFlow({ shape: [2], network: new GaussianMeanVelocity(), jumps: 2 }), 'argument'],
    [() => meanFlow({ shape: [2], network: new GaussianMeanVelocity(), steps: 2 } as never), 'argument'],
    [() => model.sample(key, 2, { steps: 0 }), 'argument'],
    [() => model.sample(key, 2), 'shape'],
    [() => model.objectives()[0]!.loss(x, key, { training: true }), 'shape'],
  ];
  for (const [run, code] of wrong)
    expectNoLeaks(() => expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, code))));
  x.dispose();
  model.dispose();
});
