import { readFileSync } from 'node:fs';
import { Key, sigmoid, trainable } from '@dgm/core';
import { expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { annealedImportanceSampling } from '../partition/annealed-importance-sampling';
import { subspaceUnits } from './hidden-units';
import { rbm, type Rbm } from './rbm';
import { bernoulliUnits } from './units';

type Matrix = number[][];
interface Golden {
  readonly weights: Matrix;
  readonly visibleBias: number[];
  readonly hiddenBias: number[];
  readonly gateBias: number[];
  readonly x: Matrix;
  readonly states: Matrix[];
  readonly energy: number[];
  readonly jointEnergy: number[];
  readonly logPartition: number;
  readonly gateMeans: Matrix;
  readonly subspaceMeans: Matrix;
  readonly visibleMeans: Matrix;
  readonly gradients: Readonly<Record<string, number[] | Matrix>>;
}
const file = new URL('../../test/golden/rbm.json', import.meta.url);
const { subspace: golden } = JSON.parse(readFileSync(file, 'utf8')) as { subspace: Golden };

/** In single precision. */
const CLOSE = { relative: 1e-5, absolute: 1e-5 };
const key = Key.of(0);

function makeGolden(): Rbm {
  const hidden = subspaceUnits({ gates: 2, size: 2 });
  const model = rbm({ visible: bernoulliUnits({ shape: [5] }), hidden, key, sampleSteps: 30 });
  tf.tidy(() => {
    for (const name of ['weights', 'visibleBias', 'hiddenBias', 'gateBias'] as const) {
      model.parameters().get(name)!.assign(tf.tensor(golden[name]));
    }
  });
  return model;
}

function withGolden(use: (model: Rbm, x: Tensor, states: Tensor) => void): void {
  const model = makeGolden();
  tf.tidy(() => use(model, tf.tensor2d(golden.x), tf.tensor3d(golden.states)));
  model.dispose();
}

describe('a subspace RBM', () => {
  it('has the energies, conditionals and normalizer of sums over all states in float64', () => {
    withGolden((model, x, states) => {
      expect(take(model.energy(x))).toBeCloseToArray(golden.energy, CLOSE);
      expect(take(model.jointEnergy(x, states))).toBeCloseToArray(golden.jointEnergy, CLOSE);
      expect(take(model.logPartition())).toBeCloseToArray([golden.logPartition], CLOSE);
      // Eq. 6.47, 6.46 with open gates, and 6.45
      expect(take(sigmoid(model.hiddenLogits(x)))).toBeCloseToArray(golden.gateMeans.flat(), CLOSE);
      expect(take(sigmoid(model.hiddenFields(x)))).toBeCloseToArray(golden.subspaceMeans.flat(), CLOSE);
      expect(take(sigmoid(model.visibleFields(states)))).toBeCloseToArray(golden.visibleMeans.flat(), CLOSE);
    });
  });

  it('gets the gradient of the exact likelihood from the contrastive loss with the exact negative phase', () => {
    withGolden((model, x) => {
      const parameters = trainable(model);
      const { grads } = tf.variableGrads(
        () => tf.add(tf.mean(model.energy(x)), model.logPartition()) as Scalar,
        [...parameters.values()],
      );
      for (const [name, variable] of parameters) {
        const expected = (golden.gradients[name] as Matrix).flat();
        expect(take(grads[variable.name]!), name).toBeCloseToArray(expected, CLOSE);
      }
    });
  });

  it('draws with the exact means, and is annealed to its normalizer', async () => {
    const model = makeGolden();
    const n = 2000;
    tf.tidy(() => {
      const bias = model.parameters().get('visibleBias')!;
      const { grads } = tf.variableGrads(() => model.logPartition(), [bias]);
      const means = take(tf.mean(model.sample(Key.of(3), n), 0));
      take(grads[bias.name]!).forEach((p, unit) => {
        const error = Math.sqrt((p * (1 - p)) / n);
        expect(Math.abs(means[unit]! - p)).toBeLessThan(STANDARD_ERRORS * error);
      });
    });
    const options = { key, chains: 200, temperatures: 50 };
    const { logPartition, standardError } = await annealedImportanceSampling(model.annealedPath(), options);
    expect(Math.abs(logPartition - golden.logPartition)).toBeLessThan(STANDARD_ERRORS * standardError);
    expect(standardError).toBeLessThan(0.1);
    model.dispose();
  });

  it('refuses wrong numbers, states of another shape, and a sum over its hidden units', () => {
    expect(() => subspaceUnits({ gates: 2, size: 0 })).toThrow(/size/);
    expect(() => subspaceUnits({ gate: 2, size: 1 } as never)).toThrow(/did you mean "gates"/);
    withGolden((model) => {
      const states = tf.zeros([3, 2, 2]);
      expectNoLeaks(() => expect(() => model.visibleFields(states)).toThrow(/\[n, 2, 3\]/));
      expect(() => model.logPartition('hidden')).toThrow(/no bits/);
    });
  });
});
