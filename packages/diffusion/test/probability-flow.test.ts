import { compiled } from '@dgm/compile';
import { DgmError, dormandPrince, evaluate, exactTrace, Key, rungeKutta } from '@dgm/core';
import { everyEvent, expectNoLeaks, meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gaussianDiffusion, logSnrSchedule, mlpDenoiser, probabilityFlow } from '../src/index';
import type { ProbabilityFlow, ProbabilityFlowOptions } from '../src/index';
import { GaussianDenoiser } from './analytic';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const [MEAN, DEVIATION] = [0.4, 0.7];

const ofGaussian = (options: Omit<ProbabilityFlowOptions, 'diffusion'> = {}): ProbabilityFlow =>
  probabilityFlow({
    diffusion: gaussianDiffusion({
      ...{ shape: [2], parameterization: 'data', schedule: logSnrSchedule({ start: -13.3, end: 13 }) },
      network: new GaussianDenoiser({ mean: MEAN, deviation: DEVIATION }),
    }),
    trace: exactTrace(),
    ...options,
  });

describe('with the perfect denoiser of a Gaussian', () => {
  const truth = (row: readonly number[]): number =>
    row.reduce(
      (sum, x) => sum - 0.5 * ((x - MEAN) / DEVIATION) ** 2 - Math.log(DEVIATION * Math.sqrt(2 * Math.PI)),
      0,
    );

  it.each([
    ['rungeKutta', rungeKutta({ steps: 40 })],
    ['dormandPrince', dormandPrince({ tolerance: 1e-5 })],
  ])('its bound is the log-density, by %s', (_, solver) => {
    tf.tidy(() => {
      const flow = ofGaussian({ solver });
      for (const row of [
        [0.1, 0.4],
        [1.5, -1],
      ]) {
        // prettier-ignore
        const bounds = values(flow.elbo(tf.tile(tf.tensor2d([row]), [200, 1]), key));
        expect(Math.abs(meanAndError(bounds).mean - truth(row))).toBeLessThan(1e-3);
      }
    });
  });

  it('encodes to the noise of each quantile, and decodes back', () => {
    tf.tidy(() => {
      const flow = ofGaussian({ solver: rungeKutta({ steps: 40 }) });
      const x = tf.tensor2d([[0.4, 1.1], [-0.3, 2]]); // prettier-ignore
      const noise = flow.encode(x, key);
      const quantiles = values(x).map((each) => (each - MEAN) / DEVIATION);
      expect(values(noise)).toBeCloseToArray(quantiles, { absolute: 0.02 });
      expect(values(flow.decode(noise, key))).toBeCloseToArray(values(x), { absolute: 0.02 });
    });
  });
});

const small = (options: Omit<ProbabilityFlowOptions, 'diffusion'> = {}, contextSize = 0): ProbabilityFlow =>
  probabilityFlow({
    diffusion: gaussianDiffusion({
      ...{ shape: [2], levels: 3, schedule: logSnrSchedule({ start: -4, end: 5 }), contextSize },
      network: mlpDenoiser({ shape: [2], outputs: 3, features: 8, blocks: 1, contextSize, key }),
    }),
    ...options,
  });

it('gives all integers together at most all probability', async () => {
  const flow = small({ solver: rungeKutta({ steps: 12 }), trace: exactTrace() });
  const events = everyEvent([0, 1, 2], 2) as number[][];
  tf.tidy(() => {
    const rows = events.flatMap((event) => Array.from({ length: 10 }, () => event));
    const bounds = tf.mean(tf.reshape(flow.elbo(tf.tensor2d(rows), key), [9, 10]), 1);
    const total = values(bounds).reduce((sum, bound) => sum + Math.exp(bound), 0);
    // A network that puts out zeros knows nothing but that entries are uniform and independent, which is all there is.
    expect(total).toBeLessThan(1.01);
    expect(total).toBeGreaterThan(0.9);
  });
  const examples = { count: 9, shape: [2], values: Int32Array.from(events.flat()) };
  const { kind, measure } = await evaluate(flow, examples, { key, numSamples: 1 });
  expect([kind, measure]).toEqual(['lower-bound', 'probability']);
  flow.dispose();
});

it('measures the same compiled, by one capture of a step', async () => {
  const flow = small({ solver: rungeKutta({ steps: 3 }) });
  const examples = { count: 3, shape: [2], values: Int32Array.of(0, 1, 2, 2, 1, 0) };
  const [eager, other] = [
    await evaluate(flow, examples, { key, numSamples: 2 }),
    await evaluate(flow, examples, { key, numSamples: 2, engine: compiled() }),
  ];
  expect(Math.abs(eager.nats - other.nats)).toBeLessThan(1e-4);
  flow.dispose();
});

it('draws what it decodes, given a condition too, and leaves nothing behind', () => {
  const flow = small({ solver: rungeKutta({ steps: 3 }) }, 2);
  tf.tidy(() => {
    const context = tf.tensor2d([[1, 0], [0, 1]]); // prettier-ignore
    const drawn = values(flow.sample(key, 2, { context }));
    const noise = key.fold('noise').normal([2, 2]);
    expect(drawn).toEqual(values(flow.decode(noise, key.fold('x'), { context })));
    expect(drawn.every((each) => [0, 1, 2].includes(each))).toBe(true);
    expectNoLeaks(() => flow.sample(key, 2, { context }).dispose());
    const x = tf.tensor2d([[0, 2], [1, 1]]); // prettier-ignore
    expectNoLeaks(() => flow.encode({ x, context }, key).dispose());
  });
  flow.dispose();
});

it('refuses what is wrong', () => {
  const flow = small();
  const [wide, context] = [tf.zeros([2, 3]), tf.zeros([2, 1])];
  const wrong: readonly [() => unknown, 'argument' | 'shape'][] = [
    [() => probabilityFlow({} as never), 'argument'],
    [() => probabilityFlow({ diffusion: flow.diffusion, steps: 3 } as never), 'argument'],
    [() => flow.sample(key, -1), 'argument'],
    [() => flow.sample(key, 2, { context }), 'shape'],
    [() => flow.elbo(wide, key), 'shape'],
    [() => flow.decode(wide, key), 'shape'],
  ];
  for (const [run, code] of wrong)
    expectNoLeaks(() => expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, code))));
  tf.dispose([wide, context]);
  flow.dispose();
});
