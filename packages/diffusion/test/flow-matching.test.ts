import { compileSampler } from '@dgm/compile';
import {
  adam,
  BaseLayer,
  dormandPrince,
  DgmError,
  evaluate,
  exactTrace,
  fit,
  Key,
  Normal,
  runSamplingLoop,
  rungeKutta,
} from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { flowMatching, mlpDenoiser, optimalPairs } from '../src/index';
import type { FlowMatching, FlowPath } from '../src/index';
import { leastCostAssignment } from '../src/optimal-pairs';
import { GaussianVelocity } from './analytic';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const [MEAN, DEVIATION] = [0.4, 0.6];
const gaussianVelocity = (path: FlowPath = 'linear') =>
  new GaussianVelocity({ mean: MEAN, deviation: DEVIATION, path });

describe('the exact velocity of a Gaussian', () => {
  const x = (): Tensor => tf.tensor2d([[0.1, 0.4], [1.5, -1], [0.4, 0.4]]); // prettier-ignore
  const truth = (rows: number[][]): number[] =>
    rows.map((row) =>
      row.reduce(
        (sum, each) =>
          sum - 0.5 * ((each - MEAN) / DEVIATION) ** 2 - Math.log(DEVIATION) - 0.5 * Math.log(2 * Math.PI),
        0,
      ),
    );

  it.each([
    ['rungeKutta', 1, rungeKutta({ steps: 20 })],
    ['rungeKutta with more steps near the data', 2, rungeKutta({ steps: 20 })],
    ['dormandPrince', 1, dormandPrince({ tolerance: 1e-5 })],
  ])('has its log-density, by %s', (_, timeExponent, solver) => {
    tf.tidy(() => {
      const model = flowMatching({
        ...{ shape: [2], network: gaussianVelocity() },
        ...{ timeExponent, solver, trace: exactTrace() },
      });
      const logProb = values(model.elbo(x(), key));
      logProb.forEach((each, row) =>
        expect(Math.abs(each - truth(x().arraySync() as number[][])[row]!)).toBeLessThan(1e-3),
      );
    });
  });

  it.each([
    ['the linear path', 'linear', rungeKutta({ steps: 10 })],
    ['the trigonometric path', 'trigonometric', rungeKutta({ steps: 10 })],
    ['adaptive steps', 'linear', dormandPrince({ tolerance: 1e-4 })],
  ] as const)('draws it, by %s', (_, path, solver) => {
    tf.tidy(() => {
      const model = flowMatching({ shape: [2], network: gaussianVelocity(path), path });
      const draws = values(model.sample(key, 2000, { solver }));
      const moments = [meanAndError(draws), meanAndError(draws.map((each) => (each - MEAN) ** 2))];
      expect(Math.abs(moments[0]!.mean - MEAN)).toBeLessThan(STANDARD_ERRORS * moments[0]!.standardError);
      expect(Math.abs(moments[1]!.mean - DEVIATION ** 2)).toBeLessThan(
        STANDARD_ERRORS * moments[1]!.standardError,
      );
    });
  });
});

it.each([
  ['linear', 0.5],
  ['linear', 4],
  ['trigonometric', 1],
] as const)(
  'draws a Gaussian by the stochastic equation, along the %s path with %d',
  async (path, stochasticity) => {
    const model = flowMatching({ shape: [2], network: gaussianVelocity(path), path });
    const loop = model.samplingLoop(4000, { solver: rungeKutta({ steps: 100, order: 1 }), stochasticity });
    const sampler = await compileSampler(loop);
    const drawn = await sampler.sample(key);
    const other = tf.tidy(() => {
      const noise = tf.zeros([2, 2]);
      const options = { solver: rungeKutta({ steps: 2, order: 1 }), stochasticity, noise };
      return (
        values(model.sample(key, 2, options)).join() !== values(model.sample(key.fold(1), 2, options)).join()
      );
    });
    const moments = [
      meanAndError(values(drawn)),
      meanAndError(values(drawn).map((each) => (each - MEAN) ** 2)),
    ];
    // Euler's method is off by the order of 1 / steps.
    expect(Math.abs(moments[0]!.mean - MEAN)).toBeLessThan(
      STANDARD_ERRORS * moments[0]!.standardError + 0.01,
    );
    expect(Math.abs(moments[1]!.mean - DEVIATION ** 2)).toBeLessThan(
      STANDARD_ERRORS * moments[1]!.standardError + 0.02,
    );
    // What is drawn depends on more than where it starts.
    expect(other).toBe(true);
    sampler.dispose();
    drawn.dispose();
    model.dispose();
  },
);

it.each(['linear', 'trigonometric'] as const)('the loss of the %s path is least for its velocity', (path) => {
  tf.tidy(() => {
    const x = tf.add(MEAN, tf.mul(DEVIATION, Key.of(1).normal([2000, 2])));
    const loss = (of: FlowPath): number =>
      values(
        flowMatching({ shape: [2], network: gaussianVelocity(of), path })
          .objectives()[0]!
          .loss(x, key, { training: false }).total,
      )[0]!;
    const other = path === 'linear' ? 'trigonometric' : 'linear';
    expect(loss(path)).toBeLessThan(0.95 * loss(other));
  });
});

it.each([1, 3])('trains on times u^p for p = %s', (timeExponent) => {
  const seen: number[] = [];
  class Witness extends BaseLayer {
    protected forward(z: Tensor, { context }: CallOptions): Tensor {
      seen.push(...values(context!));
      return tf.zerosLike(z);
    }
  }
  tf.tidy(() => {
    const model = flowMatching({ shape: [1], network: new Witness(), timeExponent });
    model.objectives()[0]!.loss(tf.zeros([1000, 1]), key, { training: true });
  });
  const { mean, standardError } = meanAndError(seen);
  expect(Math.abs(mean - 1 / (1 + timeExponent))).toBeLessThan(STANDARD_ERRORS * standardError);
});

it.each(['uniform', 'beta', 'bates'] as const)(
  '%s noise on integers estimates the mass of their intervals',
  (dequantization) => {
    tf.tidy(() => {
      const [levels, n] = [4, 2000];
      const options = { shape: [1], levels, dequantization, solver: rungeKutta({ steps: 8 }) };
      const model = flowMatching({ ...options, network: gaussianVelocity(), trace: exactTrace() });
      const integers = [0, 1, 2, 3];
      const x = tf.tensor2d(integers.flatMap((value) => Array.from({ length: n }, () => [value])));
      const ratios = tf.exp(model.elbo(x, key)).arraySync() as number[];
      const data = new Normal(MEAN, DEVIATION);
      const cdf = (z: number): number => data.cdf(tf.scalar(z)).dataSync()[0]!;
      for (const value of integers) {
        const { mean, standardError } = meanAndError(ratios.slice(value * n, (value + 1) * n));
        const mass = cdf((2 * (value + 1)) / levels - 1) - cdf((2 * value) / levels - 1);
        expect(Math.abs(mean - mass)).toBeLessThan(STANDARD_ERRORS * standardError + 1e-4);
      }
    });
  },
);

/** A network that gives every entry the same logits. */
class SameLogits extends BaseLayer {
  constructor(readonly logits: readonly number[]) {
    super();
  }

  protected forward(z: Tensor): Tensor {
    return tf.mul(tf.onesLike(tf.expandDims(z, -1)), tf.tensor1d([...this.logits]));
  }
}

it.each(['linear', 'trigonometric'] as const)(
  'logits that do not depend on z are those of independent levels, along the %s path',
  (path) => {
    tf.tidy(() => {
      const probs = [0.5, 0.3, 0.15, 0.05];
      const options = { shape: [1], levels: 4, dequantization: 'bates', parameterization: 'levels' } as const;
      const model = flowMatching({
        ...{ ...options, path, timeExponent: 2, solver: rungeKutta({ steps: 40 }), trace: exactTrace() },
        network: new SameLogits(probs.map(Math.log)),
      });
      const x = tf.tensor2d(probs.flatMap((_, value) => Array.from({ length: 200 }, () => [value])));
      const bounds = tf.reshape(model.elbo(x, key), [4, 200]).arraySync() as number[][];
      probs.forEach((prob, value) => {
        const { mean, standardError } = meanAndError(bounds[value]!);
        // The noise is nearly normal, not quite: the divergence is 0.002 nats.
        expect(Math.abs(mean - Math.log(prob))).toBeLessThan(STANDARD_ERRORS * standardError + 4e-3);
      });
      const drawn = values(model.sample(key, 2000));
      probs.forEach((prob, value) => {
        const share = drawn.filter((each) => each === value).length / drawn.length;
        const deviation = Math.sqrt((prob * (1 - prob)) / drawn.length);
        expect(Math.abs(share - prob)).toBeLessThan(STANDARD_ERRORS * deviation + 0.02);
      });
    });
  },
);

const small = (options: { readonly levels?: number; readonly contextSize?: number } = {}): FlowMatching =>
  flowMatching({
    ...{ shape: [2], ...options, solver: rungeKutta({ steps: 4 }) },
    network: mlpDenoiser({
      ...{ shape: [2], features: 16, blocks: 1, key: Key.of(1) },
      contextSize: options.contextSize ?? 0,
    }),
  });

it("Hutchinson's trace is right on average", () => {
  tf.tidy(() => {
    const network = (): ReturnType<typeof mlpDenoiser> =>
      mlpDenoiser({ shape: [2], features: 8, blocks: 1, key });
    const [exact, estimated] = [exactTrace(), undefined].map((trace) => {
      const layer = network();
      for (const variable of layer.parameters().values())
        variable.assign(tf.add(variable, tf.mul(0.3, Key.of(5).normal(variable.shape))));
      return flowMatching({
        ...{ shape: [2], network: layer, solver: rungeKutta({ steps: 4 }) },
        ...(trace && { trace }),
      });
    }) as [FlowMatching, FlowMatching];
    const rows = tf.tile(tf.tensor2d([[0.3, -0.8]]), [500, 1]);
    const { mean, standardError } = meanAndError(values(estimated.elbo(rows, key)));
    expect(standardError).toBeGreaterThan(1e-4);
    expect(Math.abs(mean - values(exact.elbo(rows, key))[0]!)).toBeLessThan(STANDARD_ERRORS * standardError);
    exact.dispose();
    estimated.dispose();
  });
});

it('a trained model of integers gives all events together at most all probability', async () => {
  const model = small({ levels: 3 });
  const generator = key.generator();
  const rows = Array.from({ length: 200 }, () => {
    const first = generator.below(3);
    return [first, generator.below(10) === 0 ? generator.below(3) : first];
  });
  const train = { count: 200, shape: [2], values: Int32Array.from(rows.flat()) };
  const options = { key, optimizer: adam({ learningRate: 1e-2 }), batchSize: 50, epochs: 6 };
  await fit(model, { train }, { ...options, batch: optimalPairs({ levels: 3 }) });
  const { kind, measure } = await evaluate(
    model,
    { count: 4, shape: [2], values: train.values.subarray(0, 8) },
    { key, numSamples: 1 },
  );
  expect([kind, measure]).toEqual(['lower-bound', 'dequantized']);
  const total = tf.tidy(() => {
    // Each of the nine events 40 times, for the noise.
    const events = Array.from({ length: 360 }, (_, index) => [
      Math.floor(index / 40 / 3),
      Math.floor(index / 40) % 3,
    ]);
    const bounds = tf.mean(tf.reshape(model.elbo(tf.tensor2d(events), key), [9, 40]), 1);
    return values(bounds).reduce((sum, bound) => sum + Math.exp(bound), 0);
  });
  expect(total).toBeLessThan(1.02);
  expect(total).toBeGreaterThan(0.4);
  const drawn = model.sample(key, 50);
  expect(Math.max(...values(drawn))).toBeLessThanOrEqual(2);
  drawn.dispose();
  model.dispose();
});

it('leastCostAssignment finds the least of all orders', () => {
  const orders = (items: number[]): number[][] =>
    items.length === 0
      ? [[]]
      : items.flatMap((item) =>
          orders(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
        );
  for (let trial = 0; trial < 20; trial++) {
    const generator = Key.of(trial).generator();
    const cost = Array.from({ length: 5 }, () => Array.from({ length: 5 }, () => generator.below(50)));
    const sum = (order: readonly number[]): number =>
      order.reduce((total, column, row) => total + cost[row]![column]!, 0);
    const found = leastCostAssignment(cost);
    expect([...found].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(sum(found)).toBe(Math.min(...orders([0, 1, 2, 3, 4]).map(sum)));
  }
});

it('optimalPairs keeps the noise, shortens the way and stays within classes', () => {
  const labels = Int32Array.from({ length: 40 }, (_, index) => index % 2);
  // The two classes lie on either side, so that free pairs would give each the noise of its side.
  const examples = {
    count: 40,
    shape: [1],
    values: Float32Array.from(labels, (label) => 4 * label - 2),
    labels,
  };
  const rows = Int32Array.from({ length: 40 }, (_, index) => index);
  const options = { key, training: true };
  const [free, within] = [optimalPairs(), optimalPairs({ classes: 2 })].map((make) =>
    make(examples, rows, options),
  );
  const drawn = key.fold('noise').normal([40, 1]);
  const sorted = (x: Tensor): number[] => values(x).sort((a, b) => a - b);
  expect(sorted(free!.noise)).toEqual(sorted(drawn));
  expect(free!.context).toBeUndefined();
  expect(within!.context!.shape).toEqual([40, 2]);
  const ofFirst = (x: Tensor): number[] => values(x).filter((_, index) => labels[index] === 0);
  expect(Math.max(...ofFirst(free!.noise))).toBeLessThan(0.5);
  expect([...ofFirst(within!.noise)].sort()).toEqual([...ofFirst(drawn)].sort());
  tf.dispose([{ ...free! }, { ...within! }, drawn]);
});

it('draws the same compiled, and with guidance', async () => {
  const model = small({ levels: 4, contextSize: 2 });
  const context = tf.tensor2d([[1, 0], [0, 1], [0, 0]]); // prettier-ignore
  const loop = model.samplingLoop(3, { context, guidance: 2, solver: rungeKutta({ steps: 4, order: 2 }) });
  const compiled = await compileSampler(loop);
  const [eager, other] = [runSamplingLoop(loop, key), await compiled.sample(key)];
  expect(values(other)).toEqual(values(eager));
  compiled.dispose();
  tf.dispose([eager, other, context]);
  model.dispose();
});

it('refuses wrong options and batches, and leaves nothing behind', () => {
  const model = small();
  const wrong = [
    () => model.sample(key, 1, { steps: 3 } as never),
    () => model.sample(key, 1, { guidance: Number.NaN }),
    () => model.sample(key, 1, { stochasticity: -1 }),
    () => model.sample(key, 1, { stochasticity: 1, solver: dormandPrince() }),
    () => flowMatching({ shape: [2], levels: 1, network: gaussianVelocity() }),
    () => flowMatching({ shape: [2], network: gaussianVelocity(), timeExponent: 0 }),
    () => flowMatching({ shape: [2], network: gaussianVelocity(), dequantization: 'normal' as never }),
    () => flowMatching({ shape: [2] } as never),
    () => flowMatching({ shape: [2], network: gaussianVelocity(), parameterization: 'levels' }),
    () => flowMatching({ shape: [2], network: gaussianVelocity(), parameterization: 'noise' as never }),
    () => flowMatching({ shape: [2], network: gaussianVelocity(), path: 'straight' as never }),
    () => optimalPairs({ levels: 0 }),
  ];
  for (const run of wrong)
    expectNoLeaks(() => expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument'))));
  const [x, noise] = [tf.zeros([3, 2]), tf.zeros([2, 2])];
  expectNoLeaks(() =>
    expect(() => model.objectives()[0]!.loss({ x, noise }, key, { training: true })).toThrow(
      expect.toSatisfy((error) => DgmError.is(error, 'shape')),
    ),
  );
  tf.dispose([x, noise]);
  model.dispose();
});
