import {
  Affine,
  Chain,
  Exp,
  hasKlDivergence,
  Independent,
  Key,
  klDivergence,
  Mixture,
  Normal,
  Permutation,
  sampleAndLogProb,
  Sigmoid,
  Softplus,
  standardNormal,
  Tanh,
  Transformed,
  type Bijector,
} from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const values = (x: tf.Tensor): number[] => Array.from(x.dataSync());

describe('Transformed', () => {
  it.each<[string, Bijector, number[]]>([
    ['exp', new Exp(), [-1, 0]],
    ['softplus', new Softplus(), [-1, 0]],
    ['tanh', new Tanh(), [2, 1]],
    ['sigmoid', new Sigmoid(), [0, 1]],
  ])('of %s has no density outside the support, also in a mixture', (_, map, points) => {
    const components = new Transformed(new Normal(tf.tensor1d([0, 1]), 1), map);
    for (const x of points) {
      expect(values(components.logProb(tf.scalar(x)))).toEqual([-Infinity, -Infinity]);
      expect(values(new Mixture([0, 0], components).logProb(tf.scalar(x)))).toEqual([-Infinity]);
    }
  });

  it.each<[string, Bijector]>([
    ['tanh', new Tanh()],
    ['sigmoid', new Sigmoid()],
  ])('knows the log-density of draws of %s that round to the end of the range', (_, map) => {
    const base = new Normal(0, 8);
    const key = Key.of(1);
    const { x, logProb } = sampleAndLogProb(new Transformed(base, map), key, [1000]);
    const z = base.sample(key, [1000]);
    const { y, logDet } = map.forwardAndLogDet(z);
    expect(values(x)).toEqual(values(y));
    expect(values(x).filter((value) => Math.abs(value) === 1).length).toBeGreaterThan(10);
    expect(values(logProb)).toEqual(values(tf.sub(base.logProb(z), logDet)));
    expect(values(logProb).every(Number.isFinite)).toBe(true);
  });

  it('takes the axes that the bijector does not know for further ones of an event', () => {
    const shuffled = new Transformed(standardNormal([2, 3]), new Chain([new Exp(), Permutation.reverse(3)]));
    const { x, logProb } = shuffled.sampleAndLogProb(Key.of(0), [4]);
    expect([x.shape, logProb.shape]).toEqual([[4, 2, 3], [4]]);
    expect(values(shuffled.logProb(x))).toBeCloseToArray(values(logProb), { absolute: 1e-4 });
  });

  it('has the divergence of the bases where the map is the same', () => {
    const map = new Tanh();
    const [p, q] = [new Normal(0, 1), new Normal(1, 2)];
    const divergence = klDivergence(new Transformed(p, map), new Transformed(q, map));
    expect(values(divergence)).toEqual(values(klDivergence(p, q)));
    expect(hasKlDivergence(new Transformed(p, map), new Transformed(q, new Tanh()))).toBe(false);
  });

  it('draws nothing and scores nothing without a trap', () => {
    const distribution = new Transformed(standardNormal([3]), new Exp());
    const { x, logProb } = distribution.sampleAndLogProb(Key.of(0), [0]);
    const shapes = [x, distribution.sample(Key.of(0), [0]), logProb, distribution.logProb(x)];
    expect(shapes.map(({ shape }) => shape)).toEqual([[0, 3], [0, 3], [0], [0]]);
    expect(values(tf.add(1, 1))).toEqual([2]);
  });

  it('refuses a base of another event or batch, and leaks nothing', () => {
    const context = tf.zeros([2, 1]);
    const batch = new Independent(new Normal(0, 1, { shape: [3, 2] }), 1);
    expectNoLeaks(() => {
      expect(() => new Transformed(standardNormal([2]), Permutation.reverse(3))).toThrow(
        /base to have events of shape \[3\], got \[2\]/,
      );
      expect(() => new Transformed(batch, new Affine({ scale: 2 }), { context })).toThrow(/batch \[2\]/);
    });
    tf.dispose(context);
  });
});

it('has a distribution function of 0 and 1 beyond the range of the map, also of a falling one', () => {
  tf.tidy(() => {
    const falling = new Chain([new Affine({ scale: -1 }), new Sigmoid()]);
    for (const map of [new Sigmoid(), falling]) {
      const share = new Transformed(new Normal(0, 1), map).cdf(tf.tensor1d([-1, 0, 0.5, 1, 2]));
      expect(share.dataSync()).toBeCloseToArray([0, 0, 0.5, 1, 1]);
    }
    const exponential = new Transformed(new Normal(0, 1), new Exp());
    expect(exponential.quantile(tf.tensor1d([0, 0.5, 1])).dataSync()).toBeCloseToArray([0, 1, Infinity]);
  });
});
