import { readFileSync } from 'node:fs';
import { evaluate, fit, Key, memoryStore, prepareLoss, sgd } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { annealedImportanceSampling } from '../partition/annealed-importance-sampling';
import { subspaceUnits } from '../rbm/hidden-units';
import { rbm } from '../rbm/rbm';
import { bernoulliUnits, gaussianUnits } from '../rbm/units';
import { deepBoltzmannMachine, type DeepBoltzmannMachine } from './deep-boltzmann-machine';

interface Golden {
  readonly firstWeights: number[][];
  readonly secondWeights: number[][];
  readonly visibleBias: number[];
  readonly firstBias: number[];
  readonly secondBias: number[];
  readonly x: number[][];
  readonly energy: number[];
  readonly meanFieldEnergy: number[];
  readonly meanField: [number[][], number[][]];
  readonly states: [number[][], number[][]];
  readonly jointEnergy: number[];
  readonly logPartition: number;
  readonly visibleMeans: number[];
}
const file = new URL('../../test/golden/rbm.json', import.meta.url);
const the = (JSON.parse(readFileSync(file, 'utf8')) as { readonly deep: Golden }).deep;

/** In single precision. */
const CLOSE = { relative: 1e-5, absolute: 1e-5 };
const key = Key.of(0);
const visible = bernoulliUnits({ shape: [5] });

/** A machine with the reference weights, and examples. */
function withGolden(use: (model: DeepBoltzmannMachine, x: Tensor) => void): void {
  const model = deepBoltzmannMachine({ visible, hidden: [3, 2], key, meanFieldSteps: 80, sampleSteps: 30 });
  const names = ['firstWeights', 'secondWeights', 'visibleBias', 'firstBias', 'secondBias'] as const;
  try {
    tf.tidy(() => {
      for (const name of names) model.parameters().get(name)!.assign(tf.tensor(the[name]));
      use(model, tf.tensor2d(the.x));
    });
  } finally {
    model.dispose();
  }
}

describe('against sums over all states in float64', () => {
  it('has the energies, the normalizer and the bound of mean field', () => {
    withGolden((model, x) => {
      const [h1, h2] = the.states.map((states) => tf.tensor2d(states)) as [Tensor, Tensor];
      expect(take(model.jointEnergy(x, [h1, h2]))).toBeCloseToArray(the.jointEnergy, CLOSE);
      expect(take(model.energy(x))).toBeCloseToArray(the.energy, CLOSE);
      expect(take(model.logPartition())).toBeCloseToArray([the.logPartition], CLOSE);
      expect(take(model.meanFieldEnergy(x))).toBeCloseToArray(the.meanFieldEnergy, CLOSE);
      model
        .meanField(x)
        .forEach((means, layer) => expect(take(means)).toBeCloseToArray(the.meanField[layer]!.flat(), CLOSE));
    });
  });

  it('bounds the free energy from above after any number of updates', () => {
    withGolden((model, x) => {
      const few = deepBoltzmannMachine({ visible, hidden: [3, 2], key, meanFieldSteps: 1 });
      for (const [name, variable] of model.parameters()) {
        if (name !== 'chains') few.parameters().get(name)!.assign(variable);
      }
      const [free, loose, tight] = [model.energy(x), few.meanFieldEnergy(x), model.meanFieldEnergy(x)];
      expect(take(tf.min(tf.sub(tight, free)))[0]).toBeGreaterThan(0);
      expect(take(tf.sum(tf.sub(loose, tight)))[0]).toBeGreaterThan(0);
      few.dispose();
    });
  });

  it('draws the visible units as their marginal law says', () => {
    withGolden((model) => {
      const n = 3000;
      const means = take(tf.mean(model.sample(Key.of(3), n), 0));
      the.visibleMeans.forEach((p, unit) =>
        expect(Math.abs(means[unit]! - p)).toBeLessThan(STANDARD_ERRORS * Math.sqrt((p * (1 - p)) / n)),
      );
    });
  });

  it('has the gradient of the bound and of the free energies of its chains', () => {
    withGolden((model, x) => {
      const [objective] = model.objectives();
      const options = prepareLoss(objective!, x, Key.of(4), { training: false });
      const variables = ['firstWeights', 'secondWeights', 'firstBias', 'secondBias', 'visibleBias'].map(
        (name) => model.parameters().get(name)!,
      );
      const { grads } = tf.variableGrads(() => objective!.loss(x, Key.of(4), options).total, variables);
      // -E_data[q1 q2] + E_chains[h1 h2]
      const h1 = options.prepared!['negatives']!;
      const h2 = tf.sigmoid(tf.add(tf.matMul(h1, tf.tensor2d(the.secondWeights)), the.secondBias));
      const [q1, q2] = the.meanField.map((means) => tf.tensor2d(means)) as [Tensor, Tensor];
      const mean = (a: Tensor, b: Tensor): Tensor => tf.div(tf.matMul(a, b, true), a.shape[0]!);
      const expected = tf.sub(mean(h1, h2), mean(q1, q2));
      const actual = grads[model.parameters().get('secondWeights')!.name]!;
      expect(take(actual)).toBeCloseToArray([...take(expected)], CLOSE);
      // Mean field has converged: the bound does not change with q, and its gradient is the whole one.
      const whole = tf.variableGrads(() => tf.mean(model.meanFieldEnergy(x)) as Scalar, variables).grads;
      const bound = tf.variableGrads(
        () => objective!.loss(x, Key.of(4), options)['data'] as Scalar,
        variables,
      );
      for (const { name } of variables) {
        expect(take(bound.grads[name]!)).toBeCloseToArray([...take(whole[name]!)], {
          relative: 1e-4,
          absolute: 1e-5,
        });
      }
    });
  });
});

it('has the normalizer of sums over all states in the interval of annealing', async () => {
  const model = deepBoltzmannMachine({ visible, hidden: [3, 2], key });
  tf.tidy(() => {
    for (const name of ['firstWeights', 'secondWeights', 'firstBias', 'secondBias', 'visibleBias'] as const) {
      model.parameters().get(name)!.assign(tf.tensor(the[name]));
    }
  });
  const options = { key, chains: 400, temperatures: 60 };
  const { logPartition, standardError } = await annealedImportanceSampling(model.annealedPath(), options);
  expect(Math.abs(logPartition - the.logPartition)).toBeLessThan(STANDARD_ERRORS * standardError);
  expect(standardError).toBeLessThan(0.1);
  model.dispose();
});

const twoPatterns: Examples = {
  count: 40,
  shape: [6],
  values: Uint8Array.from({ length: 240 }, (_, index) => (Math.floor(index / 6) % 2 === 0 ? 1 : 0)),
};

describe('startFrom', () => {
  const six = bernoulliUnits({ shape: [6] });

  it.each([
    ['bits', six],
    ['real numbers', gaussianUnits({ shape: [6] })],
  ])('gives the visible %s the law of the RBM while the second layer has no weights', (_, units) => {
    const first = rbm({ visible: units, hidden: 4, key, sampleSteps: 20 });
    const model = deepBoltzmannMachine({ visible: units, hidden: [4, 3], key, chains: 7 });
    tf.tidy(() => {
      const variables = first.parameters();
      variables.get('weights')!.assign(Key.of(1).normal([6, 4]));
      variables.get('visibleBias')!.assign(Key.of(2).normal([6]));
      variables.get('hiddenBias')!.assign(Key.of(3).normal([4]));
      model.startFrom(first, { key });
      model
        .parameters()
        .get('secondWeights')!
        .assign(tf.zeros([4, 3]));
      const x = Key.of(4).bernoulli([5, 6], 0.5);
      const expected = tf.add(first.energy(x), first.logPartition());
      expect(take(tf.add(model.energy(x), model.logPartition()))).toBeCloseToArray(
        [...take(expected)],
        CLOSE,
      );
      // Hidden units are then independent given x: mean field is exact.
      expect(take(model.meanFieldEnergy(x))).toBeCloseToArray([...take(model.energy(x))], CLOSE);
      expect([...new Set(take(model.parameters().get('chains')!))].sort()).toEqual([0, 1]);
    });
    [first, model].forEach((each) => each.dispose());
  });

  it('refuses what is no first layer of it', () => {
    const model = deepBoltzmannMachine({ visible: six, hidden: [4, 3], key });
    const others = [
      rbm({ visible: six, hidden: 5, key }),
      rbm({ visible: six, hidden: subspaceUnits({ gates: 2, size: 2 }), key }),
    ];
    expectNoLeaks(() => {
      expect(() => model.startFrom(others[0]!, { key })).toThrow(/\[6, 4\]/);
      expect(() => model.startFrom(others[1]!, { key })).toThrow(/gates/);
      expect(() => model.startFrom(model as never, { key })).toThrow(/Rbm/);
      expect(() => model.startFrom(others[0]!, {} as never)).toThrow(/Key/);
    });
    [model, ...others].forEach((each) => each.dispose());
  });
});

it('resumes to the bit, chains included', async () => {
  const make = (seed = 0) =>
    deepBoltzmannMachine({
      visible: bernoulliUnits({ shape: [6] }),
      ...{ hidden: [4, 3], key: Key.of(seed), steps: 1, chains: 8 },
    });
  const options = { key: Key.of(1), optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }), batchSize: 16 };
  const [whole, halves, resumed] = [make(), make(), make(7)];
  const store = memoryStore();
  await fit(whole, { train: twoPatterns }, { ...options, epochs: 4 });
  await fit(halves, { train: twoPatterns }, { ...options, epochs: 2, checkpoint: { store } });
  await fit(resumed, { train: twoPatterns }, { ...options, epochs: 4, checkpoint: { store } });
  for (const [path, variable] of whole.parameters()) {
    expect([...resumed.parameters().get(path)!.dataSync()], path).toEqual([...variable.dataSync()]);
  }
  [whole, halves, resumed].forEach((model) => model.dispose());
});

it('is evaluated exactly with a small first layer, and with an interval elsewhere', async () => {
  const make = (first: number) =>
    deepBoltzmannMachine({ visible: bernoulliUnits({ shape: [6] }), hidden: [first, 2], key });
  const [small, large] = [make(4), make(21)];
  const exact = await evaluate(small, twoPatterns, { key });
  expect(exact.kind).toBe('exact');
  const { kind, interval, nats } = await evaluate(large, twoPatterns, { key });
  expect(kind).toBe('estimate');
  expect(interval![1] - interval![0]).toBeGreaterThan(0);
  // With weights near 0 the units are all but fair coins.
  for (const value of [exact.nats, nats]) expect(value).toBeCloseTo(6 * Math.LN2, 1);
  [small, large].forEach((model) => model.dispose());
});

it.each([
  ['an unknown option', { visible, hidden: [3, 2], key, chain: 3 }, /did you mean "chains"/],
  ['no key', { visible, hidden: [3, 2] }, /key/],
  ['no units', { hidden: [3, 2], key }, /bernoulliUnits/],
  ['one layer', { visible, hidden: [3], key }, /two layers/],
  ['layers that are a number', { visible, hidden: 3, key }, /two layers/],
  ['half a unit', { visible, hidden: [3, 1.5], key }, /hidden\[1\]/],
  ['no chain', { visible, hidden: [3, 2], key, chains: 0 }, /chains/],
  ['no update of mean field', { visible, hidden: [3, 2], key, meanFieldSteps: 0 }, /meanFieldSteps/],
])('refuses %s, and keeps nothing', (_, options, message) => {
  expectNoLeaks(() => expect(() => deepBoltzmannMachine(options as never)).toThrow(message));
});
