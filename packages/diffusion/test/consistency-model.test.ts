import { compiled, compileSampler } from '@dgm/compile';
import { adam, BaseLayer, DgmError, fit, Key, runSamplingLoop } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { consistencyModel, mlpDenoiser } from '../src/index';
import type { ConsistencyModel } from '../src/index';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const [MEAN, DEVIATION] = [0.4, 0.6];

/** $S_t$, the standard deviation of $z_t$ for data that are $\mathcal N(m, s^2)$. */
const deviationAt = (t: Tensor): Tensor =>
  tf.sqrt(tf.add(tf.mul(DEVIATION ** 2, tf.square(tf.sub(1, t))), tf.square(t)));

/** $F = (z - f) / t$ for $f = m + s (z - (1 - t) m) / S_t$, as the ODE keeps $(z_t - (1 - t) m) / S_t$. */
class GaussianConsistency extends BaseLayer {
  protected forward(z: Tensor, { context: t }: CallOptions): Tensor {
    const centred = tf.sub(z, tf.mul(MEAN, tf.sub(1, t!)));
    const f = tf.add(MEAN, tf.mul(DEVIATION, tf.div(centred, deviationAt(t!))));
    return tf.div(tf.sub(z, f), t!);
  }
}

describe('with the exact map of a Gaussian', () => {
  it.each([1, 2, 5])('draws it in %i steps', (steps) => {
    tf.tidy(() => {
      const model = consistencyModel({ shape: [1], network: new GaussianConsistency() });
      const drawn = values(model.sample(key, 2000, { steps }));
      const moments = [meanAndError(drawn), meanAndError(drawn.map((x) => (x - MEAN) ** 2))];
      expect(Math.abs(moments[0]!.mean - MEAN)).toBeLessThan(STANDARD_ERRORS * moments[0]!.standardError);
      expect(Math.abs(moments[1]!.mean - DEVIATION ** 2)).toBeLessThan(
        STANDARD_ERRORS * moments[1]!.standardError,
      );
    });
  });

  it('leads along the ODE to its end', () => {
    tf.tidy(() => {
      const model = consistencyModel({ shape: [1], network: new GaussianConsistency() });
      const quantiles = tf.tensor2d([[-1], [0.5], [2]]);
      for (const time of [1, 0.5, 0.1]) {
        const t = tf.fill([3], time);
        const z = tf.add(MEAN * (1 - time), tf.mul(deviationAt(tf.scalar(time)), quantiles));
        const ends = values(model.endpoint(z, t));
        expect(ends).toBeCloseToArray(
          values(quantiles).map((q) => MEAN + DEVIATION * q),
          { absolute: 1e-5 },
        );
      }
    });
  });
});

it('pairs come closer from stage to stage', () => {
  const ratios: number[] = [];
  class Witness extends BaseLayer {
    readonly #times: number[] = [];
    protected forward(z: Tensor, { context }: CallOptions): Tensor {
      this.#times.push(values(context!)[0]!);
      if (this.#times.length % 2 === 0) ratios.push(this.#times.at(-1)! / this.#times.at(-2)!);
      return tf.zerosLike(z);
    }
  }
  tf.tidy(() => {
    const model = consistencyModel({ shape: [1], network: new Witness(), stages: 3, stageSteps: 10 });
    const [objective] = model.objectives();
    for (const step of [1, 10, 11, 21, 1000])
      objective!.loss(tf.zeros([1, 1]), key, { training: true, step: tf.scalar(step) });
    objective!.loss(tf.zeros([1, 1]), key, { training: false });
  });
  expect(ratios).toBeCloseToArray([0.5, 0.5, 0.75, 0.875, 0.875, 0.875], { absolute: 1e-5 });
});

it('learns to draw a Gaussian in one step', async () => {
  const network = mlpDenoiser({ shape: [1], features: 16, blocks: 1, key });
  const model = consistencyModel({ shape: [1], network, stages: 5, stageSteps: 60 });
  const x = tf.tidy(() => tf.add(MEAN, tf.mul(DEVIATION, Key.of(1).normal([500, 1]))));
  const train = { count: 500, shape: [1], values: Float32Array.from(values(x)) };
  const options = { key, optimizer: adam({ learningRate: 5e-3 }), engine: compiled() };
  await fit(model, { train }, { ...options, batchSize: 100, epochs: 120, ema: { decay: 0.98 } });
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

const small = (): ConsistencyModel =>
  consistencyModel({
    ...{ shape: [2], levels: 4, contextSize: 2 },
    network: mlpDenoiser({ shape: [2], features: 8, blocks: 1, contextSize: 2, key }),
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
  const network = new GaussianConsistency();
  const wrong: readonly [() => unknown, 'argument' | 'shape'][] = [
    [() => consistencyModel({ shape: [2] } as never), 'argument'],
    [() => consistencyModel({ shape: [2], network, stages: 0 }), 'argument'],
    [() => consistencyModel({ shape: [2], network, stageSteps: 0.5 }), 'argument'],
    [() => consistencyModel({ shape: [2], network, steps: 2 } as never), 'argument'],
    [() => model.sample(key, 2, { steps: 0 }), 'argument'],
    [() => model.sample(key, 2), 'shape'],
    [() => model.endpoint(x, tf.zeros([1])), 'shape'],
    [() => model.objectives()[0]!.loss(x, key, { training: true }), 'shape'],
  ];
  tf.tidy(() => {
    for (const [run, code] of wrong)
      expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, code)));
  });
  for (const [run] of wrong.filter(([, code]) => code === 'argument'))
    expectNoLeaks(() => expect(run).toThrow());
  x.dispose();
  model.dispose();
});
