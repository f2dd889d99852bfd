import { evaluate, fit, Key, sgd } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { implicitScoreMatching } from '../objectives/score-matching';
import { annealedImportanceSampling } from '../partition/annealed-importance-sampling';
import { bitStates } from '../partition/enumerate';
import { boltzmannMachine, hopfieldNetwork, type BoltzmannMachine } from './boltzmann-machine';
import { colourClasses, gridEdges } from './graph';

const key = Key.of(0);

/** Four units with random weights, all of which interact. */
function withMachine(use: (model: BoltzmannMachine, weights: number[], bias: number[]) => void): void {
  const model = boltzmannMachine({ shape: [2, 2], key, sampleSteps: 20 });
  tf.tidy(() => {
    const weights = Key.of(1).normal([4, 4]);
    const bias = Key.of(2).normal([4]);
    model.parameters().get('weights')!.assign(weights);
    model.parameters().get('bias')!.assign(bias);
    use(model, [...take(weights)], [...take(bias)]);
  });
  model.dispose();
}

/** The energies of all states of four bits, by the sums of the definition. */
function energiesOf(weights: readonly number[], bias: readonly number[]): number[] {
  return Array.from({ length: 16 }, (_, state) => {
    const x = [0, 1, 2, 3].map((bit) => (state >> bit) & 1);
    let energy = 0;
    for (let i = 0; i < 4; i++) {
      energy -= bias[i]! * x[i]!;
      for (let j = i + 1; j < 4; j++) energy -= weights[4 * i + j]! * x[i]! * x[j]!;
    }
    return energy;
  });
}

const statesOfFour = () => tf.reshape(bitStates(4)[0]!(), [16, 2, 2]);

it('has the energies, conditionals and normalizer of enumeration', () => {
  withMachine((model, weights, bias) => {
    const energies = energiesOf(weights, bias);
    const states = statesOfFour();
    expect(take(model.energy(states))).toBeCloseToArray(energies, { relative: 1e-5, absolute: 1e-5 });
    const logZ = Math.log(energies.reduce((sum, energy) => sum + Math.exp(-energy), 0));
    expect(take(model.logPartition())[0]).toBeCloseTo(logZ, 4);
    const logits = take(model.logits(states));
    energies.forEach((_, state) => {
      for (let unit = 0; unit < 4; unit++) {
        const [off, on] = [state & ~(1 << unit), state | (1 << unit)];
        expect(logits[4 * state + unit]).toBeCloseTo(energies[off]! - energies[on]!, 4);
      }
    });
  });
});

it('draws by Gibbs sampling with the exact means', () => {
  withMachine((model, weights, bias) => {
    const p = energiesOf(weights, bias).map((energy) => Math.exp(-energy));
    const total = p.reduce((sum, value) => sum + value, 0);
    const n = 2000;
    const means = take(tf.mean(model.sample(Key.of(3), n), 0));
    for (let unit = 0; unit < 4; unit++) {
      const mean = p.reduce((sum, value, state) => sum + ((state >> unit) & 1 ? value : 0), 0) / total;
      const error = Math.sqrt((mean * (1 - mean)) / n);
      expect(Math.abs(means[unit]! - mean)).toBeLessThan(STANDARD_ERRORS * error);
    }
  });
});

it('has the partition function of the periodic Ising model by transfer matrices', () => {
  const [rows, columns, coupling, field] = [4, 4, 0.35, 0.1];
  // T(s, t) couples two neighbouring rows: ln Z = ln tr T^rows, with the energy inside each row on one side.
  const spins = (row: number): number[] => [0, 1, 2, 3].map((bit) => 2 * ((row >> bit) & 1) - 1);
  const transfer = Array.from({ length: 16 }, (_, s) =>
    Array.from({ length: 16 }, (__, t) => {
      const [a, b] = [spins(s), spins(t)];
      const inside = a.reduce((sum, spin, i) => sum + coupling * spin * a[(i + 1) % 4]! + field * spin, 0);
      return Math.exp(inside + a.reduce((sum, spin, i) => sum + coupling * spin * b[i]!, 0));
    }),
  );
  const times = (a: number[][], b: number[][]): number[][] =>
    a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
  const power = times(times(transfer, transfer), times(transfer, transfer));
  const expected = Math.log(power.reduce((sum, row, i) => sum + row[i]!, 0));

  const edges = gridEdges([rows, columns], { periodic: true });
  expect(edges).toHaveLength(2 * rows * columns);
  const model = boltzmannMachine({ shape: [rows, columns], edges, key });
  tf.tidy(() => {
    // In bits W = 4 J and b = 2 H - 2 * 4 J, and each edge has J and each unit -H more.
    model
      .parameters()
      .get('weights')!
      .assign(tf.fill([16, 16], 4 * coupling));
    model
      .parameters()
      .get('bias')!
      .assign(tf.fill([16], 2 * field - 8 * coupling));
    const constant = edges.length * coupling - 16 * field;
    expect(take(model.logPartition())[0]! + constant).toBeCloseTo(expected, 3);
  });
  model.dispose();
});

it('is estimated with an interval where a sum over all states is too long', async () => {
  const model = boltzmannMachine({ shape: [8], key });
  model
    .parameters()
    .get('weights')!
    .assign(tf.tidy(() => Key.of(4).normal([8, 8])));
  const exact = tf.tidy(() => take(model.logPartition())[0]!);
  const options = { key, chains: 200, temperatures: 60 };
  const { logPartition, standardError } = await annealedImportanceSampling(model.annealedPath(), options);
  expect(Math.abs(logPartition - exact)).toBeLessThan(STANDARD_ERRORS * standardError);
  expect(standardError).toBeLessThan(0.1);
  const { kind } = await evaluate(model, { count: 2, shape: [8], values: new Uint8Array(16) }, { key });
  expect(kind).toBe('exact');
  model.dispose();
});

it('bounds its normalizer from below and above, exactly where nothing interacts or edges have no cycle', async () => {
  const boundsOf = async (edges: readonly (readonly [number, number])[], std: number, steps?: number) => {
    const model = boltzmannMachine({ shape: [9], edges, key });
    tf.tidy(() => {
      model
        .parameters()
        .get('weights')!
        .assign(tf.mul(std, Key.of(5).normal([9, 9])));
      model
        .parameters()
        .get('bias')!
        .assign(Key.of(6).normal([9]));
    });
    const { lower, bethe, upper } = await model.logPartitionBounds({
      ...{ key, trees: 20 },
      ...(steps !== undefined && { steps }),
    });
    const exact = tf.tidy(() => take(model.logPartition())[0]!);
    model.dispose();
    return { below: exact - lower, above: upper - exact, bethe: bethe - exact };
  };
  const grid = await boundsOf(gridEdges([3, 3]), 0.7);
  expect(grid.below).toBeGreaterThan(0);
  expect(grid.below).toBeLessThan(0.5);
  expect(grid.above).toBeGreaterThan(0);
  expect(grid.above).toBeLessThan(0.5);
  expect(Math.abs(grid.bethe)).toBeLessThan(0.1 * Math.min(grid.above, grid.below));
  const loose = await boundsOf(gridEdges([3, 3]), 0.7, 0);
  expect(grid.above).toBeLessThan(0.5 * loose.above);
  const all = await boundsOf(
    Array.from({ length: 36 }, (_, pair) => [pair % 9, (pair + 1 + Math.floor(pair / 9)) % 9] as const),
    1,
  );
  expect(Math.min(all.below, all.above)).toBeGreaterThan(0);
  const tree = await boundsOf(
    [
      [0, 1],
      [1, 2],
      [1, 3],
      [5, 4],
      [4, 6],
    ],
    1,
  );
  expect(tree.above).toBeCloseTo(0, 4);
  expect(tree.bethe).toBeCloseTo(0, 4);
  expect(tree.below).toBeGreaterThan(0);
  const free = await boundsOf([], 1);
  expect(free.below).toBeCloseTo(0, 4);
  expect(free.above).toBeCloseTo(0, 4);
  expect(free.bethe).toBeCloseTo(0, 4);
});

it('recovers the machine that its examples come from, by pseudo-likelihood', async () => {
  const weights = [0, 1.5, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0];
  // Each state as often as its probability says.
  const p = energiesOf(weights, [0, 0, 0, 0]).map((energy) => Math.exp(-energy));
  const total = p.reduce((sum, value) => sum + value, 0);
  const rows = p.flatMap((value, state) => new Array<number>(Math.round((500 * value) / total)).fill(state));
  const values = Uint8Array.from(rows.flatMap((state) => [0, 1, 2, 3].map((bit) => (state >> bit) & 1)));
  const train: Examples = { count: rows.length, shape: [4], values };
  const model = boltzmannMachine({ shape: [4], key });
  const optimizer = sgd({ learningRate: 1, momentum: 0.9 });
  await fit(model, { train }, { key, optimizer, batchSize: rows.length, epochs: 60 });
  const learned = [...model.parameters().get('weights')!.dataSync()];
  weights.forEach((weight, index) => {
    const [row, column] = [Math.floor(index / 4), index % 4];
    if (row < column) expect(Math.abs(learned[index]! - weight)).toBeLessThan(0.1);
  });
  model.dispose();
});

it('has no interaction outside of its edges, and draws the units of a grid in two classes', () => {
  expect(colourClasses(6, gridEdges([2, 3]))).toEqual([
    [0, 2, 4],
    [1, 3, 5],
  ]);
  const model = boltzmannMachine({ shape: [3], edges: [[2, 0]], key });
  tf.tidy(() => {
    model
      .parameters()
      .get('weights')!
      .assign(tf.ones([3, 3]));
    const x = tf.tensor2d([
      [1, 1, 0],
      [1, 0, 1],
      [1, 1, 1],
    ]);
    expect(take(model.energy(x))).toBeCloseToArray([0, -1, -1]);
  });
  model.dispose();
});

it('recalls the patterns of a Hopfield network from spoiled ones', () => {
  tf.tidy(() => {
    const patterns = Key.of(1).bernoulli([3, 40], 0.5);
    const model = hopfieldNetwork({ patterns });
    const spoiled = tf.abs(tf.sub(patterns, Key.of(2).bernoulli([3, 40], 0.1)));
    const stored = [...patterns.dataSync()];
    expect(take(model.recall(patterns, { steps: 1 }))).toEqual(stored);
    expect(take(model.recall(spoiled))).toEqual(stored);
    expect(Math.max(...take(tf.sub(model.energy(patterns), model.energy(spoiled))))).toBeLessThan(0);
    model.dispose();
  });
});

describe('refuses', () => {
  it.each([
    ['an unknown option', { shape: [3], key, edge: [] }, /did you mean "edges"/],
    ['no shape', { key }, /shape/],
    ['no key', { shape: [3] }, /key/],
    ['an edge to nowhere', { shape: [3], key, edges: [[0, 3]] }, /edges/],
    ['an edge from a unit to itself', { shape: [3], key, edges: [[1, 1]] }, /different units/],
    ['an objective of real numbers', { shape: [3], key, objective: implicitScoreMatching() }, /for bits/],
    ['no sweep', { shape: [3], key, sampleSteps: 0 }, /sampleSteps/],
  ])('%s, and keeps nothing', (_, options, message) => {
    expectNoLeaks(() => expect(() => boltzmannMachine(options as never)).toThrow(message));
  });

  it('a sum over too many states, a grid that is too small for its ends to meet, and no patterns', () => {
    const model = boltzmannMachine({ shape: [21], key });
    expect(() => model.logPartition()).toThrow(/small or narrow/);
    model.dispose();
    expect(() => gridEdges([2, 4], { periodic: true })).toThrow(/rows/);
    expect(() => hopfieldNetwork({} as never)).toThrow(/patterns/);
  });
});
