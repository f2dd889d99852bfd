import { Dense, Key, Sequential, sigmoid } from '@dgm/core';
import { expectNoLeaks, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { hiddenLayer } from './hidden-layer';
import { subspaceUnits } from './hidden-units';
import { rbm } from './rbm';
import { bernoulliUnits } from './units';

const key = Key.of(0);

it('gives the means of the hidden bits, and outlives the RBM', () => {
  const model = rbm({ visible: bernoulliUnits({ shape: [2, 3] }), hidden: 4, key });
  tf.tidy(() => {
    model
      .parameters()
      .get('weights')!
      .assign(Key.of(1).normal([6, 4]));
    model
      .parameters()
      .get('hiddenBias')!
      .assign(Key.of(2).normal([4]));
    const x = Key.of(3).bernoulli([5, 2, 3], 0.5);
    const expected = [...take(sigmoid(model.hiddenLogits(x)))];
    const trunk = hiddenLayer(model);
    model.dispose();
    const flat = tf.reshape(x, [5, 6]);
    expect(take(trunk.apply(flat))).toBeCloseToArray(expected, { relative: 1e-6, absolute: 1e-6 });
    const classifier = new Sequential([trunk, new Dense({ inputs: 4, outputs: 10, key })]);
    expect(classifier.apply(flat).shape).toEqual([5, 10]);
    classifier.dispose();
  });
});

it('refuses what is no RBM of hidden bits', () => {
  const hidden = subspaceUnits({ gates: 2, size: 2 });
  const gated = rbm({ visible: bernoulliUnits({ shape: [3] }), hidden, key });
  expectNoLeaks(() => {
    expect(() => hiddenLayer(gated)).toThrow(/gates/);
    expect(() => hiddenLayer(undefined as never)).toThrow(/Rbm/);
  });
  gated.dispose();
});
