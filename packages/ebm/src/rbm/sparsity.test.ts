import { Key, prepareLoss, trainable } from '@dgm/core';
import { take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { pseudoLikelihood } from '../objectives/bit-flips';
import { rbm, type RbmOptions } from './rbm';
import { subspaceUnits } from './hidden-units';
import { bernoulliUnits } from './units';

const key = Key.of(0);
const visible = bernoulliUnits({ shape: [4] });
const CLOSE = { relative: 1e-4, absolute: 1e-6 };

it.each<[string, Partial<RbmOptions>]>([
  ['contrastive divergence', {}],
  ['an objective', { objective: pseudoLikelihood() }],
  ['gates', { hidden: subspaceUnits({ gates: 3, size: 2 }) }],
])('adds the squares of what hidden units are on too often: %s', (_, options) => {
  const common = { visible, hidden: 3, key, ...options };
  const sparsity = { target: 0.1, weight: 2 };
  const [plain, sparse] = [rbm(common), rbm({ ...common, sparsity })];
  tf.tidy(() => {
    const x = Key.of(1).bernoulli([5, 4], 0.5);
    const totals = [plain, sparse].map((model) => {
      for (const variable of trainable(model).values()) variable.assign(Key.of(2).normal(variable.shape));
      const [objective] = model.objectives();
      const prepared = prepareLoss(objective!, x, Key.of(3), { training: true });
      return take(objective!.loss(x, Key.of(3), prepared).total)[0]!;
    });
    const logits = sparse.hiddenLogits(x).arraySync() as number[][];
    const expected = logits[0]!.reduce((sum, __, unit) => {
      const rate = logits.reduce((total, row) => total + 1 / (1 + Math.exp(-row[unit]!)), 0) / logits.length;
      return sum + sparsity.weight * (sparsity.target - rate) ** 2;
    }, 0);
    expect([totals[1]! - totals[0]!]).toBeCloseToArray([expected], CLOSE);
  });
  [plain, sparse].forEach((each) => each.dispose());
});

it('brings hidden units to the target where nothing else pulls', () => {
  const model = rbm({ visible, hidden: 2, key, sparsity: { target: 0.05, weight: 50 } });
  tf.tidy(() => {
    const x = Key.of(1).bernoulli([64, 4], 0.5);
    const [objective] = model.objectives();
    const optimizer = tf.train.sgd(0.1);
    for (let step = 0; step < 40; step++) {
      const prepared = prepareLoss(objective!, x, key.fold(step), { training: true });
      optimizer.minimize(() => objective!.loss(x, key, prepared).total, false, [
        ...trainable(model).values(),
      ]);
    }
    take(tf.mean(tf.sigmoid(model.hiddenLogits(x)), 0)).forEach((rate) => {
      expect(Math.abs(rate - 0.05)).toBeLessThan(0.03);
    });
    optimizer.dispose();
  });
  model.dispose();
});

it.each([
  [{ target: 0, weight: 1 }, /sparsity.target/],
  [{ target: 0.1, weight: -1 }, /sparsity.weight/],
  [{ target: 0.1, wieght: 1 }, /did you mean "weight"/],
  [0.1, /sparsity/],
])('refuses %j', (sparsity, message) => {
  expect(() => rbm({ visible, hidden: 2, key, sparsity: sparsity as never })).toThrow(message);
});
