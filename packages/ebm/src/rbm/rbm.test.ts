import { readFileSync } from 'node:fs';
import {
  evaluate,
  fit,
  gatherExamples,
  Key,
  memoryStore,
  prepareLoss,
  sgd,
  sigmoid,
  trainable,
} from '@dgm/core';
import type { Examples } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { rbm, type Rbm } from './rbm';
import { bernoulliUnits, categoricalUnits, gaussianUnits } from './units';

interface Golden {
  readonly weights: number[][];
  readonly visibleBias: number[];
  readonly hiddenBias: number[];
  readonly x: number[][];
  readonly energy: number[];
  readonly jointEnergy: number[];
  readonly hiddenMeans: number[][];
  readonly logPartition: number;
  readonly gradients?: Readonly<Record<string, number[] | number[][]>>;
}
const file = new URL('../../test/golden/rbm.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Golden>;

/** In single precision. */
const CLOSE = { relative: 1e-5, absolute: 1e-5 };

const shape = [5];
const kinds = {
  bernoulli: bernoulliUnits({ shape }),
  categorical: categoricalUnits({ shape, levels: 3 }),
  gaussian: gaussianUnits({ shape }),
};

function withGolden(kind: keyof typeof kinds, use: (model: Rbm, the: Golden, x: Tensor) => void): void {
  const the = golden[kind]!;
  const model = rbm({ visible: kinds[kind], hidden: 4, key: Key.of(0), sampleSteps: 30 });
  const parameters = model.parameters();
  try {
    tf.tidy(() => {
      for (const name of ['weights', 'visibleBias', 'hiddenBias'] as const) {
        parameters.get(name)!.assign(tf.tensor(the[name]));
      }
      use(model, the, tf.tensor2d(the.x));
    });
  } finally {
    model.dispose();
  }
}

describe.each(['bernoulli', 'categorical', 'gaussian'] as const)('an RBM with %s units', (kind) => {
  it('has the energies, conditionals and normalizer of sums over all states in float64', () => {
    withGolden(kind, (model, the, x) => {
      const ones = tf.ones([6, 4]);
      expect(take(model.energy(x))).toBeCloseToArray(the.energy, CLOSE);
      expect(take(model.jointEnergy(x, ones))).toBeCloseToArray(the.jointEnergy, CLOSE);
      expect(take(sigmoid(model.hiddenLogits(x)))).toBeCloseToArray(the.hiddenMeans.flat(), CLOSE);
      expect(take(model.logPartition('hidden'))).toBeCloseToArray([the.logPartition], CLOSE);
    });
  });

  it('keeps its law under Gibbs sampling', () => {
    // Where chains start at the posterior's own draws nothing may drift: the mean free energy stays.
    withGolden(kind, (model) => {
      const start = model.gibbs(tf.zeros([1000, 5]), { key: Key.of(1), steps: 25 });
      const later = model.gibbs(start, { key: Key.of(2), steps: 1 });
      const [a, b] = [start, later].map((x) => meanAndError([...take(model.energy(x))]));
      expect(Math.abs(a!.mean - b!.mean)).toBeLessThan(
        STANDARD_ERRORS * Math.hypot(a!.standardError, b!.standardError),
      );
    });
  });
});

describe.each(['bernoulli', 'categorical'] as const)('%s units', (kind) => {
  it('get the gradient of the exact likelihood from the contrastive loss with the exact negative phase', () => {
    withGolden(kind, (model, the, x) => {
      const parameters = trainable(model);
      const { grads } = tf.variableGrads(
        () => tf.add(tf.mean(model.energy(x)), model.logPartition('hidden')) as Scalar,
        [...parameters.values()],
      );
      for (const [name, variable] of parameters) {
        const expected = (the.gradients![name] as number[][]).flat();
        expect(take(grads[variable.name]!)).toBeCloseToArray(expected, CLOSE);
      }
    });
  });
});

it('sums to the same normalizer over visible and over hidden units, in several pieces too', () => {
  withGolden('bernoulli', (model) => {
    expect(take(model.logPartition('visible'))).toBeCloseToArray(take(model.logPartition('hidden')), CLOSE);
  });
  const model = rbm({ visible: bernoulliUnits({ shape: [3] }), hidden: 14, key: Key.of(0) });
  expectNoLeaks(() =>
    tf.tidy(() => {
      expect(take(model.logPartition('hidden'))).toBeCloseToArray(take(model.logPartition('visible')), CLOSE);
    }),
  );
  model.dispose();
});

it('draws each visible unit as p(x | h) says', () => {
  withGolden('bernoulli', (model) => {
    // The exact marginal means: the derivative of ln Z by the visible biases.
    const { grads } = tf.variableGrads(() => model.logPartition(), [model.parameters().get('visibleBias')!]);
    const expected = take(Object.values(grads)[0]!);
    const n = 2000;
    const means = take(tf.mean(model.sample(Key.of(3), n), 0));
    expected.forEach((p, unit) =>
      expect(Math.abs(means[unit]! - p)).toBeLessThan(STANDARD_ERRORS * Math.sqrt((p * (1 - p)) / n)),
    );
  });
});

it('gives the contrastive gradient of samples: the data minus the model', () => {
  withGolden('bernoulli', (model, _, x) => {
    const [objective] = model.objectives();
    const options = prepareLoss(objective!, x, Key.of(4), { training: true });
    const { grads } = tf.variableGrads(
      () => objective!.loss(x, Key.of(4), options).total,
      [model.parameters().get('visibleBias')!],
    );
    const expected = tf.sub(tf.mean(options.prepared!['negatives']!, 0), tf.mean(x, 0));
    expect(take(Object.values(grads)[0]!)).toBeCloseToArray(take(expected), CLOSE);
  });
});

it('moves persistent chains with fast weights, which follow the gradient and fade', () => {
  const [visible, fastLearningRate] = [bernoulliUnits({ shape: [5] }), 0.2];
  const model = rbm({ visible, hidden: 4, key: Key.of(0), chains: 30, fastLearningRate });
  const [objective] = model.objectives();
  tf.tidy(() => {
    const x = Key.of(1).bernoulli([20, 5], 0.3);
    const fast = model.parameters().get('fastWeights')!;
    const weights = model.parameters().get('weights')!;
    for (const step of [1, 2]) {
      const before = tf.mul(0.95, fast);
      const options = prepareLoss(objective!, x, Key.of(step), { training: true });
      const { grads } = tf.variableGrads(() => objective!.loss(x, Key.of(step), options).total, [weights]);
      const expected = tf.sub(before, tf.mul(fastLearningRate, grads[weights.name]!));
      expect([...fast.dataSync()]).toBeCloseToArray(take(expected), CLOSE);
    }
    const kept = [...fast.dataSync()];
    prepareLoss(objective!, x, Key.of(3), { training: false });
    expect([...fast.dataSync()]).toEqual(kept);
    // Chains see W + W_f, energies and `gibbs` do not.
    fast.assign(tf.neg(weights));
    model
      .parameters()
      .get('visibleBias')!
      .assign(tf.fill([5], 100));
    const { prepared } = prepareLoss(objective!, x, Key.of(4), { training: false });
    expect(Math.min(...take(prepared!['negatives']!))).toBe(1);
    weights.assign(tf.fill([5, 4], -100));
    fast.assign(tf.fill([5, 4], 100));
    const driven = prepareLoss(objective!, x, Key.of(4), { training: false }).prepared!['negatives']!;
    expect(Math.min(...take(driven))).toBe(1);
    expect(Math.max(...take(model.gibbs(tf.zeros([20, 5]), { key: Key.of(5), steps: 1 })))).toBe(1);
  });
  model.dispose();
});

const twoPatterns: Examples = {
  count: 40,
  shape: [6],
  values: Uint8Array.from({ length: 240 }, (_, index) => (Math.floor(index / 6) % 2 === 0 ? 1 : 0)),
};

const persistent = (seed = 0) =>
  rbm({ visible: bernoulliUnits({ shape: [6] }), hidden: 4, key: Key.of(seed), steps: 2, chains: 8 });

it('starts at the means of examples', () => {
  tf.tidy(() => {
    const x = tf.tensor2d([
      [0, 1, 1],
      [0, 1, 0],
    ]);
    const model = rbm({ visible: bernoulliUnits({ shape: [3] }), hidden: 2, key: Key.of(0), examples: x });
    const bias = model.parameters().get('visibleBias')!;
    expect(bias.dataSync()).toBeCloseToArray([Math.log(0.1 / 2.1), Math.log(2.1 / 0.1), 0], CLOSE);
    model.dispose();
  });
});

it('resumes to the bit, chains included', async () => {
  const options = { key: Key.of(1), optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }), batchSize: 16 };
  const [whole, halves] = [persistent(), persistent()];
  const store = memoryStore();
  await fit(whole, { train: twoPatterns }, { ...options, epochs: 6 });
  await fit(halves, { train: twoPatterns }, { ...options, epochs: 3, checkpoint: { store } });
  const resumed = persistent(7);
  await fit(resumed, { train: twoPatterns }, { ...options, epochs: 6, checkpoint: { store } });
  for (const [path, variable] of whole.parameters()) {
    expect([...resumed.parameters().get(path)!.dataSync()], path).toEqual([...variable.dataSync()]);
  }
  [whole, halves, resumed].forEach((model) => model.dispose());
});

it('leaves its chains alone where nothing is trained', () => {
  const model = persistent();
  tf.tidy(() => {
    const chains = model.parameters().get('chains')!;
    const before = [...chains.dataSync()];
    const x = gatherExamples(twoPatterns, Int32Array.of(0, 1));
    prepareLoss(model.objectives()[0]!, x, Key.of(0), { training: false });
    expect([...chains.dataSync()]).toEqual(before);
    prepareLoss(model.objectives()[0]!, x, Key.of(0), { training: true });
    expect([...chains.dataSync()]).not.toEqual(before);
  });
  model.dispose();
});

it('learns two patterns, and is evaluated exactly', async () => {
  const model = persistent();
  await fit(
    model,
    { train: twoPatterns },
    { key: Key.of(0), optimizer: sgd({ learningRate: 0.5 }), batchSize: 20, epochs: 60 },
  );
  const { kind, nats, standardError } = await evaluate(model, twoPatterns, { key: Key.of(0) });
  expect(kind).toBe('exact');
  expect(standardError).toBe(0);
  // Two patterns of equal frequency have an entropy of ln 2 = 0.69.
  expect(nats).toBeGreaterThan(Math.LN2);
  expect(nats).toBeLessThan(1.5);
  model.dispose();
});

it('is evaluated with an interval where a sum over all states is too long', async () => {
  const model = rbm({ visible: bernoulliUnits({ shape: [21] }), hidden: 21, key: Key.of(0) });
  const examples: Examples = { count: 2, shape: [21], values: new Uint8Array(42) };
  const { kind, interval, nats } = await evaluate(model, examples, { key: Key.of(0) });
  expect(kind).toBe('estimate');
  expect(interval![0]).toBeLessThanOrEqual(nats);
  expect(interval![1]).toBeGreaterThanOrEqual(nats);
  // With weights near 0 the units are all but fair coins.
  expect(nats).toBeCloseTo(21 * Math.LN2, 1);
  model.dispose();
});

describe('refuses', () => {
  const visible = bernoulliUnits({ shape: [4] });
  const key = Key.of(0);
  it.each([
    ['an unknown option', { visible, hidden: 2, key, chain: 3 }, /did you mean "chains"/],
    ['no key', { visible, hidden: 2 }, /key/],
    ['no units', { hidden: 2, key }, /bernoulliUnits/],
    ['half a hidden unit', { visible, hidden: 2.5, key }, /hidden/],
    ['no Gibbs step', { visible, hidden: 2, key, steps: 0 }, /steps/],
    ['a negative decay', { visible, hidden: 2, key, weightDecay: -1 }, /weightDecay/],
    ['replicas of no chain', { visible, hidden: 2, key, temperatures: 3 }, /persistent chains/],
    ['fast weights of no chain', { visible, hidden: 2, key, fastLearningRate: 0.1 }, /persistent chains/],
    [
      'fast weights of replicas',
      { visible, hidden: 2, key, chains: 3, temperatures: 3, fastLearningRate: 0.1 },
      /fastLearningRate/,
    ],
  ])('%s, and keeps nothing', (_, options, message) => {
    expectNoLeaks(() => expect(() => rbm(options as never)).toThrow(message));
  });

  it('examples of another shape, and a sum over too many states', () => {
    const examples = tf.zeros([3, 5]);
    expectNoLeaks(() => expect(() => rbm({ visible, hidden: 2, key, examples })).toThrow(/\[n, 4\]/));
    examples.dispose();
    const model = rbm({ visible: gaussianUnits({ shape: [4] }), hidden: 21, key });
    expect(() => model.logPartition()).toThrow(/at most 20 bits/);
    expect(() => model.logPartition('visible')).toThrow(/no bits/);
    model.dispose();
  });
});
