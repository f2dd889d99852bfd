import {
  Affine,
  Independent,
  Key,
  Mixture,
  Normal,
  normalHead,
  Permutation,
  standardNormal,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { massOf, train } from '../test/support/train';
import { autoregressiveBase, flow, maskedNetwork, realNvp } from './index';

test('the density is that of Eq. 3.8 for a base and a map in closed form', () => {
  const model = flow({
    base: standardNormal([2]),
    layers: [Permutation.reverse(2), new Affine({ scale: 3, shift: 1 })],
    eventShape: [2],
  });
  const x = tf.tensor2d([[4, -2]]);
  // z = (-1, 1): ln N = -ln(2 pi) - 1, and two slopes of 1/3.
  expect(model.logProb(x).dataSync()[0]).toBeCloseTo(-Math.log(2 * Math.PI) - 1 - 2 * Math.log(3), 5);
  expect([...model.encode(x).dataSync()]).toBeCloseToArray([-1, 1], { relative: 1e-6 });
  expect([...model.decode(model.encode(x)).dataSync()]).toBeCloseToArray([4, -2], { relative: 1e-6 });
});

test('in the plane the density integrates to one after training, and fits a mixture better than a normal does', () => {
  const target = new Mixture(
    [0, 0],
    new Independent(
      new Normal(
        tf.tensor2d([
          [-2, 0],
          [2, 0],
        ]),
        0.5,
      ),
      1,
    ),
  );
  const x = target.sample(Key.of(0), [128]);
  const model = realNvp({ dims: 2, key: Key.of(1), couplings: 4, hidden: [8] });
  train(model, x, 80, 2e-2);
  const mean = tf.mean(model.logProb(x)).dataSync()[0]!;
  const variances = tf.moments(x, 0).variance.dataSync();
  const normal = -Math.log(2 * Math.PI) - 0.5 * Math.log(variances[0]! * variances[1]!) - 1;
  expect(mean).toBeGreaterThan(normal + 0.2);
  expect(massOf((points) => model.logProb(points), { from: -6, to: 6, dims: 2, points: 100 })).toBeCloseTo(
    1,
    3,
  );
  model.dispose();
});

describe('given', () => {
  const context = () => tf.tensor2d([[-1], [0], [2]]);

  test('with a context it is a batch of distributions', () => {
    const model = realNvp({ dims: 2, key: Key.of(1), couplings: 2, hidden: [8], contextSize: 1 });
    const c = context();
    const distribution = model.given(c);
    expect([distribution.batchShape, distribution.eventShape]).toEqual([[3], [2]]);
    const { x, logProb } = distribution.sampleAndLogProb(Key.of(3), [5]);
    expect(x.shape).toEqual([5, 3, 2]);
    expect([...distribution.logProb(x).dataSync()]).toBeCloseToArray([...logProb.dataSync()], {
      relative: 1e-4,
    });
    expect([...distribution.sample(Key.of(3), [5]).dataSync()]).toEqual([...x.dataSync()]);
    model.dispose();
  });

  test('without one it is a single distribution', () => {
    const model = realNvp({ dims: 2, key: Key.of(1), couplings: 2, hidden: [8] });
    expect(model.given().sample(Key.of(0)).shape).toEqual([2]);
    expect(model.given().sample(Key.of(0), [4, 3]).shape).toEqual([4, 3, 2]);
    expect(model.given().reparameterized).toBe(true);
    model.dispose();
  });
});

test('a learned base belongs to the flow, and a base of another shape is refused', () => {
  const base = flow({ layers: [], eventShape: [3] });
  const model = flow({ layers: [Permutation.reverse(3)], eventShape: [3], base });
  expect(model.sample(Key.of(0), 2).shape).toEqual([2, 3]);
  expect(() => flow({ layers: [], eventShape: [3], base: standardNormal([2]) })).toThrow(
    'expected base with an event of shape [3]',
  );
  model.dispose();
});

test('dropout reaches the network of a base while training, and only then', () => {
  const groups = [0, 1, 2];
  const base = autoregressiveBase({
    groups,
    head: normalHead({ shape: [1] }),
    network: maskedNetwork({ groups, numParameters: 2, hidden: [32], key: Key.of(0), dropout: 0.5 }),
  });
  const model = flow({ layers: [], eventShape: [3], base });
  const x = Key.of(1).normal([4, 3]);
  const [objective] = model.objectives();
  const loss = (seed: number, training: boolean) =>
    tf.tidy(() => objective!.loss(x, Key.of(seed), { training }).total.dataSync()[0]);
  expect(loss(1, true)).not.toBe(loss(2, true));
  expect(loss(1, false)).toBe(loss(2, false));
  model.dispose();
});
