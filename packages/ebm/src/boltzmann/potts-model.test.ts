import { evaluate, Key } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { minimumProbabilityFlow } from '../objectives/bit-flips';
import { maximumLikelihood } from '../objectives/maximum-likelihood';
import { implicitScoreMatching } from '../objectives/score-matching';
import { annealedImportanceSampling } from '../partition/annealed-importance-sampling';
import { boltzmannMachine } from './boltzmann-machine';
import { eliminationOf } from './elimination';
import { gridEdges, type Edge } from './graph';
import { pottsModel, type PottsModel, type PottsModelOptions } from './potts-model';

const key = Key.of(0);
const LEVELS = 3;
const CLOSE = { relative: 1e-5, absolute: 1e-5 };

/** A model with random weights. */
function make(options: Partial<PottsModelOptions> = {}, scale = 1): PottsModel {
  const model = pottsModel({ shape: [2, 2], levels: LEVELS, edges: gridEdges([2, 2]), key, ...options });
  tf.tidy(() => {
    const [weights, bias] = ['weights', 'bias'].map((name) => model.parameters().get(name)!);
    weights!.assign(tf.mul(scale, Key.of(1).normal(weights!.shape)));
    bias!.assign(Key.of(2).normal(bias!.shape));
  });
  return model;
}

/** All states, row by row. */
const statesOf = (size: number, levels: number): number[][] =>
  Array.from({ length: levels ** size }, (_, state) =>
    Array.from({ length: size }, (__, unit) => Math.floor(state / levels ** unit) % levels),
  );

/** The energies of states by the sums of the definition. */
function energiesOf(model: PottsModel, states: readonly number[][], edges: readonly Edge[]): number[] {
  const [weights, bias] = ['weights', 'bias'].map((name) => [...model.parameters().get(name)!.dataSync()]);
  const size = states[0]!.length;
  return states.map((x) => {
    const ofUnits = x.reduce((sum, value, unit) => sum + bias![unit * model.levels + value]!, 0);
    return edges.reduce(
      (sum, [i, j]) => sum - (x[i] === x[j] ? weights![Math.min(i, j) * size + Math.max(i, j)]! : 0),
      -ofUnits,
    );
  });
}

const logSum = (values: readonly number[]): number => {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
};

const edges = gridEdges([2, 2]);
const states = statesOf(4, LEVELS);

it('has the energies, conditionals, mode and normalizer of enumeration', async () => {
  const model = make();
  const energies = energiesOf(model, states, edges);
  tf.tidy(() => {
    const x = tf.tensor(states.flat(), [states.length, 2, 2]);
    expect(take(model.energy(x))).toBeCloseToArray(energies, CLOSE);
    expect(take(model.logPartition())[0]).toBeCloseTo(logSum(energies.map((energy) => -energy)), 4);
    const [logits, conditionals] = [take(model.logits(x)), take(model.conditionals(x))];
    states.forEach((state, row) => {
      for (let unit = 0; unit < 4; unit++) {
        const place = LEVELS ** unit;
        const values = [0, 1, 2].map((value) => -energies[row + (value - state[unit]!) * place]!);
        const of = (value: number): number => logits[(row * 4 + unit) * LEVELS + value]!;
        expect(of(2) - of(0)).toBeCloseTo(values[2]! - values[0]!, 4);
        expect(conditionals[row * 4 + unit]).toBeCloseTo(values[state[unit]!]! - logSum(values), 4);
      }
    });
  });
  const mode = await model.mode();
  expect(mode.shape).toEqual([2, 2]);
  expect([...mode.dataSync()]).toEqual(states[energies.indexOf(Math.min(...energies))]);
  mode.dispose();
  model.dispose();
});

it('draws units of a class together, with the exact means', () => {
  const model = make({ sampleSteps: 12 });
  const p = energiesOf(model, states, edges).map((energy) => Math.exp(-energy));
  const total = p.reduce((sum, value) => sum + value, 0);
  const n = 1000;
  const drawn = tf.tidy(() => take(model.sample(Key.of(3), n)));
  for (let unit = 0; unit < 4; unit++) {
    for (let value = 0; value < LEVELS; value++) {
      const expected =
        p.reduce((sum, mass, row) => sum + (states[row]![unit] === value ? mass : 0), 0) / total;
      const share = drawn.filter((each, index) => index % 4 === unit && each === value).length / n;
      const error = Math.sqrt((expected * (1 - expected)) / n);
      expect(Math.abs(share - expected)).toBeLessThan(STANDARD_ERRORS * error);
    }
  }
  model.dispose();
});

it.each<[string, readonly [number, number], boolean]>([
  ['wide', [3, 4], false],
  ['periodic', [3, 3], true],
])('sums a %s grid by transfer matrices as by all states, with the same gradient', (_, plane, periodic) => {
  const size = plane[0] * plane[1];
  const grid = gridEdges(plane, { periodic });
  const model = make({ shape: [size], levels: 2, edges: grid }, 0.7);
  const all = statesOf(size, 2);
  const energies = energiesOf(model, all, grid);
  tf.tidy(() => {
    const logZ = logSum(energies.map((energy) => -energy));
    const bias = model.parameters().get('bias')!;
    const { value, grads } = tf.variableGrads(() => model.logPartition(), [bias]);
    expect(take(value)[0]).toBeCloseTo(logZ, 4);
    const means = all[0]!.flatMap((__, unit) =>
      [0, 1].map((on) =>
        energies.reduce(
          (sum, energy, row) => sum + (all[row]![unit] === on ? Math.exp(-energy - logZ) : 0),
          0,
        ),
      ),
    );
    expect(take(Object.values(grads)[0]!)).toBeCloseToArray(means, { relative: 1e-4, absolute: 1e-5 });
  });
  model.dispose();
});

it('needs as few states at a time for a wide grid as for a tall one', () => {
  const widest = (plane: readonly [number, number]): number => {
    let [open, most] = [0, 0];
    for (const { leaving } of eliminationOf(plane[0] * plane[1], gridEdges(plane), 2)!) {
      most = Math.max(most, ++open);
      open -= leaving.length;
    }
    return most;
  };
  expect(widest([3, 40])).toBe(4);
  expect(widest([40, 3])).toBe(4);
  expect(eliminationOf(24 * 24, gridEdges([24, 24]), 2)).toBeUndefined();
});

it('is an Ising model of half its couplings for two values', () => {
  const potts = make({ levels: 2 });
  const ising = boltzmannMachine({ shape: [2, 2], edges, key });
  tf.tidy(() => {
    // [x_i = x_j] = 1 - x_i - x_j + 2 x_i x_j
    const of = (name: string) => potts.parameters().get(name)!;
    const [matrix, values] = [of('weights').arraySync() as number[][], of('bias').arraySync() as number[][]];
    const bias = values.map(([off, on]) => on! - off!);
    for (const [i, j] of edges) for (const end of [i, j]) bias[end]! -= matrix[i]![j]!;
    ising
      .parameters()
      .get('weights')!
      .assign(tf.mul(2, of('weights')));
    ising.parameters().get('bias')!.assign(tf.tensor1d(bias));
    const x = tf.tensor(statesOf(4, 2).flat(), [16, 2, 2]);
    const gap = take(tf.sub(potts.energy(x), ising.energy(x)));
    expect(gap).toBeCloseToArray(new Array<number>(16).fill(gap[0]!), CLOSE);
    expect(take(potts.conditionals(x))).toBeCloseToArray([...take(ising.conditionals(x))], CLOSE);
    expect(take(tf.sub(ising.logPartition(), potts.logPartition()))[0]).toBeCloseTo(gap[0]!, 4);
  });
  [potts, ising].forEach((each) => each.dispose());
});

it('sums an Ising strip of more than 20 units, as two values of a Potts model do', async () => {
  const [shape, strip] = [[3, 9], gridEdges([3, 9])];
  const potts = make({ shape, levels: 2, edges: strip });
  const ising = boltzmannMachine({ shape, edges: strip, key });
  tf.tidy(() => {
    const of = (name: string) => potts.parameters().get(name)!;
    const matrix = of('weights').arraySync() as number[][];
    const values = of('bias').arraySync() as number[][];
    const bias = values.map(([off, on]) => on! - off!);
    let constant = values.reduce((sum, [off]) => sum + off!, 0);
    for (const [i, j] of strip) {
      const weight = matrix[i]![j]!;
      for (const end of [i, j]) bias[end]! -= weight;
      constant += weight;
    }
    ising
      .parameters()
      .get('weights')!
      .assign(tf.mul(2, of('weights')));
    ising.parameters().get('bias')!.assign(tf.tensor1d(bias));
    expect(take(ising.logPartition())[0]! + constant).toBeCloseTo(take(potts.logPartition())[0]!, 3);
  });
  expect((await ising.partition(key)).kind).toBe('exact');
  const modes = await Promise.all([ising.mode(), potts.mode()]);
  expect([...modes[0].dataSync()]).toEqual([...modes[1].dataSync()]);
  tf.dispose(modes);
  [potts, ising].forEach((each) => each.dispose());
});

it('is annealed to its normalizer, and says what is exact', async () => {
  const model = make({ shape: [3, 3], edges: gridEdges([3, 3]) }, 0.5);
  const { kind, logPartition: exact } = await model.partition(key);
  expect(kind).toBe('exact');
  const options = { key, chains: 100, temperatures: 25 };
  const { logPartition, standardError } = await annealedImportanceSampling(model.annealedPath(), options);
  expect(Math.abs(logPartition - exact)).toBeLessThan(STANDARD_ERRORS * standardError);
  expect(standardError).toBeLessThan(0.1);
  const examples: Examples = { count: 2, shape: [3, 3], values: new Uint8Array(18) };
  expect((await evaluate(model, examples, { key })).kind).toBe('exact');
  model.dispose();
});

it.each([
  ['pseudo-likelihood', undefined],
  ['maximum likelihood', maximumLikelihood()],
])('is at rest at the model that its examples come from, by %s', (_, objective) => {
  const model = pottsModel({ shape: [4], levels: LEVELS, edges, key, ...(objective && { objective }) });
  tf.tidy(() => {
    const weights = model.parameters().get('weights')!;
    const initial = tf.clone(weights);
    weights.assign(Key.of(1).normal([4, 4]));
    // Each state as often as its probability says.
    const p = energiesOf(model, states, edges).map((energy) => Math.exp(-energy));
    const total = p.reduce((sum, value) => sum + value, 0);
    const rows = p.flatMap((mass, row) =>
      new Array<number[]>(Math.round((8000 * mass) / total)).fill(states[row]!),
    );
    const slope = (): number => {
      const loss = () => model.objectives()[0]!.loss(tf.tensor2d(rows), key, { training: true }).total;
      const { grads } = tf.variableGrads(loss, [weights]);
      return Math.max(...take(tf.abs(Object.values(grads)[0]!)));
    };
    expect(slope()).toBeLessThan(0.005);
    weights.assign(initial);
    expect(slope()).toBeGreaterThan(0.05);
  });
  model.dispose();
});

it('starts at the frequencies of its examples', () => {
  tf.tidy(() => {
    const examples = tf.tensor2d([0, 0, 1, 2], [4, 1]);
    const model = pottsModel({ shape: [1], levels: LEVELS, key, examples });
    const bias = take(model.parameters().get('bias')!);
    expect(bias.map(Math.exp)).toBeCloseToArray([2.1 / 4.3, 1.1 / 4.3, 1.1 / 4.3], CLOSE);
    model.dispose();
  });
});

describe('refuses', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown option', { level: 3 }, /did you mean "levels"/],
    ['one value', { levels: 1 }, /levels/],
    ['values of which there is no number', { levels: undefined }, /levels/],
    ['no shape', { shape: undefined }, /shape/],
    ['no key', { key: undefined }, /key/],
    ['an edge to nowhere', { edges: [[0, 4]] }, /edges/],
    ['an objective of real numbers', { objective: implicitScoreMatching() }, /for integers/],
    ['an objective of bits', { objective: minimumProbabilityFlow() }, /for integers/],
    ['a sum over too many states', { shape: [14], objective: maximumLikelihood() }, /small or narrow/],
    ['no sweep', { sampleSteps: 0 }, /sampleSteps/],
  ])('%s, and keeps nothing', (_, options, message) => {
    expectNoLeaks(() =>
      expect(() => pottsModel({ shape: [4], levels: LEVELS, key, ...options } as never)).toThrow(message),
    );
  });

  it('a normalizer and a mode over too many states at a time, of which it estimates the first', async () => {
    const model = pottsModel({ shape: [14], levels: LEVELS, key });
    expect(() => model.logPartition()).toThrow(/estimate it with partition/);
    await expect(model.mode()).rejects.toThrow(/2\^23/);
    model.dispose();
  });
});
