import { Key, sigmoid } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { annealedImportanceSampling } from '../partition/annealed-importance-sampling';
import { bitStates } from '../partition/enumerate';
import { spikeAndSlabUnits } from './hidden-units';
import { rbm, type Rbm } from './rbm';
import { bernoulliUnits } from './units';

const key = Key.of(0);
const PRECISION = 2;
const CLOSE = { relative: 1e-5, absolute: 1e-5 };

interface Parameters {
  readonly weights: number[];
  readonly visibleBias: number[];
  readonly hiddenBias: number[];
  readonly gateBias: number[];
}

/** Three bits and two spikes with slabs, with random weights. */
function withModel(use: (model: Rbm, values: Parameters) => void): void {
  const hidden = spikeAndSlabUnits({ units: 2, precision: PRECISION });
  const model = rbm({ visible: bernoulliUnits({ shape: [3] }), hidden, key, sampleSteps: 40 });
  tf.tidy(() => {
    const values = Object.fromEntries(
      ['weights', 'visibleBias', 'hiddenBias', 'gateBias'].map((name, index) => {
        const variable = model.parameters().get(name)!;
        variable.assign(Key.of(index + 1).normal(variable.shape));
        return [name, [...variable.dataSync()]];
      }),
    );
    use(model, values as unknown as Parameters);
  });
  model.dispose();
}

/** What slab j receives from the bits of a state. */
const fieldOf = ({ weights, hiddenBias }: Parameters, state: number, j: number): number =>
  [0, 1, 2].reduce((sum, i) => sum + ((state >> i) & 1) * weights[2 * i + j]!, hiddenBias[j]!);

/** $\sum_h \int e^{-E(x, h, s)} ds$ by the trapezoidal rule. */
function massOf(values: Parameters, state: number): number {
  const [reach, step] = [14, 0.01];
  let mass = Math.exp([0, 1, 2].reduce((sum, i) => sum + ((state >> i) & 1) * values.visibleBias[i]!, 0));
  for (const j of [0, 1]) {
    let sum = 0;
    for (let s = -reach; s <= reach; s += step) {
      const spike = Math.exp(values.gateBias[j]! + s * fieldOf(values, state, j));
      sum += step * Math.exp((-PRECISION * s * s) / 2) * (1 + spike);
    }
    mass *= sum;
  }
  return mass;
}

describe('a spike-and-slab RBM', () => {
  it('has the energies, log-odds and normalizer of sums and quadrature', () => {
    withModel((model, values) => {
      const masses = Array.from({ length: 8 }, (_, state) => massOf(values, state));
      const x = bitStates(3)[0]!();
      const energies = masses.map((mass) => -Math.log(mass));
      expect(take(model.energy(x))).toBeCloseToArray(energies, CLOSE);
      const total = masses.reduce((sum, mass) => sum + mass, 0);
      expect(take(model.logPartition())).toBeCloseToArray([Math.log(total)], CLOSE);
      const logOdds = masses.flatMap((_, state) =>
        [0, 1].map((j) => values.gateBias[j]! + fieldOf(values, state, j) ** 2 / (2 * PRECISION)),
      );
      expect(take(model.hiddenLogits(x))).toBeCloseToArray(logOdds, CLOSE);
    });
  });

  it('has the joint energy of its definition, whose conditional of x is the fields of the code', () => {
    withModel((model, values) => {
      const [spikes, slabs] = [
        [1, 0],
        [0.7, -1.3],
      ] as const;
      const x = bitStates(3)[0]!();
      const states = tf.tile(
        tf.tensor3d([
          [
            [1, 0.7],
            [0, -1.3],
          ],
        ]),
        [8, 1, 1],
      );
      const expected = Array.from({ length: 8 }, (_, state) => {
        let energy = 0;
        for (const i of [0, 1, 2]) energy -= ((state >> i) & 1) * values.visibleBias[i]!;
        for (const j of [0, 1] as const) {
          energy += (PRECISION / 2) * slabs[j] ** 2;
          energy -= spikes[j] * (values.gateBias[j]! + slabs[j] * fieldOf(values, state, j));
        }
        return energy;
      });
      expect(take(model.jointEnergy(x, states))).toBeCloseToArray(expected, CLOSE);
      // A bit's log-odds are the difference of two energies: states 0 and 2^i.
      const odds = [0, 1, 2].map((i) => expected[0]! - expected[1 << i]!);
      const fields = tf.slice(model.visibleFields(states), [0, 0], [1, 3]);
      expect(take(fields)).toBeCloseToArray(odds, CLOSE);
    });
  });

  it('draws slabs of the right mean and variance where there is a spike, and 0 elsewhere', () => {
    const hidden = spikeAndSlabUnits({ units: 1, precision: PRECISION });
    tf.tidy(() => {
      const n = 4000;
      const code = take(
        hidden.draw({ columns: tf.fill([n, 1], 1.5), gates: tf.tensor1d([-0.5]) }, Key.of(7)),
      );
      const on = code.filter((value) => value !== 0);
      const p = take(sigmoid(tf.scalar(-0.5 + 1.5 ** 2 / (2 * PRECISION))))[0]!;
      expect(Math.abs(on.length / n - p)).toBeLessThan(STANDARD_ERRORS * Math.sqrt((p * (1 - p)) / n));
      const { mean, standardError } = meanAndError(on);
      expect(Math.abs(mean - 1.5 / PRECISION)).toBeLessThan(STANDARD_ERRORS * standardError);
      const squares = meanAndError(on.map((value) => (value - 1.5 / PRECISION) ** 2));
      expect(Math.abs(squares.mean - 1 / PRECISION)).toBeLessThan(STANDARD_ERRORS * squares.standardError);
    });
  });

  it('draws with the exact means, and is annealed to its normalizer', async () => {
    const hidden = spikeAndSlabUnits({ units: 2, precision: PRECISION });
    const model = rbm({ visible: bernoulliUnits({ shape: [3] }), hidden, key, sampleSteps: 40 });
    const n = 2000;
    const exact = tf.tidy(() => {
      for (const [index, name] of ['weights', 'visibleBias', 'hiddenBias', 'gateBias'].entries()) {
        const variable = model.parameters().get(name)!;
        variable.assign(Key.of(index + 1).normal(variable.shape));
      }
      const bias = model.parameters().get('visibleBias')!;
      const { grads } = tf.variableGrads(() => model.logPartition(), [bias]);
      const means = take(tf.mean(model.sample(Key.of(3), n), 0));
      take(grads[bias.name]!).forEach((p, unit) => {
        expect(Math.abs(means[unit]! - p)).toBeLessThan(STANDARD_ERRORS * Math.sqrt((p * (1 - p)) / n));
      });
      return take(model.logPartition())[0]!;
    });
    const options = { key, chains: 100, temperatures: 30 };
    const { logPartition, standardError } = await annealedImportanceSampling(model.annealedPath(), options);
    expect(Math.abs(logPartition - exact)).toBeLessThan(STANDARD_ERRORS * standardError);
    expect(standardError).toBeLessThan(0.2);
    model.dispose();
  });

  it('refuses wrong numbers, and states of another shape', () => {
    expect(() => spikeAndSlabUnits({ units: 0 })).toThrow(/units/);
    expect(() => spikeAndSlabUnits({ units: 2, precision: 0 })).toThrow(/precision/);
    expect(() => spikeAndSlabUnits({ unit: 2 } as never)).toThrow(/did you mean "units"/);
    withModel((model) => {
      const states = tf.zeros([3, 2]);
      expectNoLeaks(() => expect(() => model.visibleFields(states)).toThrow(/\[n, 2, 2\]/));
    });
  });
});
