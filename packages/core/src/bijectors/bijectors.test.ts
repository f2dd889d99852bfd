import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  Affine,
  BaseBijector,
  Chain,
  DgmError,
  Exp,
  initializeBijector,
  Inverse,
  Key,
  Permutation,
  Sigmoid,
  Softplus,
  sumLastAxes,
  Tanh,
  type Bijector,
} from '../index';

describe('Chain', () => {
  it('applies the first of the list first in the forward direction', () => {
    const double = new Affine({ scale: 2 });
    const increment = new Affine({ shift: 1 });
    const { y } = new Chain([double, increment]).forwardAndLogDet(tf.tensor1d([3]));
    expect(y.dataSync()).toBeCloseToArray([7]);
    const { z } = new Chain([double, increment]).inverseAndLogDet(tf.tensor1d([7]));
    expect(z.dataSync()).toBeCloseToArray([3]);
  });

  it('sums element-wise log-determinants over the event of the largest part', () => {
    const { logDet } = new Chain([new Affine({ scale: 2 }), Permutation.reverse(3)]).forwardAndLogDet(
      tf.zeros([4, 3]),
    );
    expect(logDet.shape).toEqual([4]);
    expect(logDet.dataSync()).toBeCloseToArray(Array(4).fill(3 * Math.LN2));
  });

  it('has the event of the part that knows it, with as many axes as any part wants', () => {
    const images: Bijector = Object.assign(new Chain([]), { eventRank: 3, eventShape: [2, 2, 4] });
    const chain = new Chain([new Exp(), Permutation.reverse(4), images, new Tanh()]);
    expect([chain.latentShape, chain.eventShape, chain.eventRank]).toEqual([[2, 2, 4], [2, 2, 4], 3]);
    expect(chain.forwardAndLogDet(tf.zeros([5, 2, 2, 4])).logDet.shape).toEqual([5]);
  });

  it('refuses parts of different events when it is made, and other events when it is called', () => {
    expect(() => new Chain([Permutation.reverse(2), Permutation.reverse(3)])).toThrow(
      /Chain: expected parts\[1\] for events of shape \[2\], got \[3\]/,
    );
    expect(() => new Chain([Permutation.reverse(2)], { eventShape: [5] })).toThrow(/eventShape/);
    expect(() => new Chain([Permutation.reverse(2)], { eventRank: 0 })).toThrow(/eventRank/);
    const [chain, z] = [new Chain([new Exp(), Permutation.reverse(3)]), tf.zeros([2, 4])];
    expectNoLeaks(() =>
      expect(() => chain.forwardAndLogDet(z)).toThrow(/Chain.forwardAndLogDet.*\[\.\.\., 3\]/),
    );
    const ofImages = new Chain([new Tanh()], { eventRank: 2 });
    expect(() => ofImages.forwardAndLogDet(tf.zeros([3]))).toThrow(/of rank 2 or more, got \[3\]/);
  });

  it('initializes its parts from the last to the first', () => {
    const seen: number[] = [];
    const measured = (name: number): Bijector => ({
      eventRank: 0,
      forwardAndLogDet: (z) => new Affine({ scale: 2 }).forwardAndLogDet(z),
      inverseAndLogDet: (y) => new Affine({ scale: 2 }).inverseAndLogDet(y),
      initialize: (y) => {
        seen.push(name, y.dataSync()[0]!);
        return new Affine({ scale: 2 }).inverseAndLogDet(y);
      },
    });
    const { z, logDet } = initializeBijector(new Chain([measured(0), measured(1)]), tf.tensor1d([8]));
    expect(seen).toEqual([1, 8, 0, 4]);
    expect([z.dataSync()[0], sumLastAxes(logDet, 1).dataSync()[0]]).toBeCloseToArray([2, -2 * Math.LN2]);
    expect(initializeBijector(new Exp(), tf.tensor1d([1])).z.dataSync()[0]).toBe(0);
  });

  it('maps no events to none', () => {
    const chain = new Chain([new Exp(), Permutation.reverse(3)]);
    const { y, logDet } = chain.forwardAndLogDet(tf.zeros([0, 3]));
    expect([y.shape, logDet.shape]).toEqual([[0, 3], [0]]);
  });
});

describe('Inverse', () => {
  it('of an inverse is the original', () => {
    const { y } = new Inverse(new Inverse(new Exp())).forwardAndLogDet(tf.tensor1d([1]));
    expect(y.dataSync()).toBeCloseToArray([Math.E]);
  });
});

describe('outside the range of a map', () => {
  it.each<[string, Bijector, number[]]>([
    ['Exp', new Exp(), [-1, 0]],
    ['Softplus', new Softplus(), [-1, 0]],
    ['Sigmoid', new Sigmoid(), [-1, 0, 1, 2]],
    ['Tanh', new Tanh(), [-2, -1, 1, 2]],
    ['Chain', new Chain([new Exp(), new Tanh()]), [-2, -0.5, 0, 1]],
  ])(
    '%s has a log-determinant of -Infinity, a finite z and finite gradients; NaN stays NaN',
    (_, map, points) => {
      const { z, logDet } = map.inverseAndLogDet(tf.tensor1d(points));
      expect([...logDet.dataSync()]).toEqual(points.map(() => -Infinity));
      expect([...z.dataSync()].every(Number.isFinite)).toBe(true);
      const gradient = tf
        .grad((y) => map.inverseAndLogDet(y).logDet)(tf.tensor1d(points))
        .dataSync();
      expect([...gradient].every(Number.isFinite)).toBe(true);
      expect(map.inverseAndLogDet(tf.scalar(NaN)).logDet.dataSync()[0]).toBeNaN();
    },
  );
});

describe('Permutation', () => {
  it('takes y[i] from z[order[i]]', () => {
    const { y } = new Permutation([2, 0, 1]).forwardAndLogDet(tf.tensor1d([10, 20, 30]));
    expect(y.dataSync()).toBeCloseToArray([30, 10, 20]);
  });

  it('accepts what a key draws', () => {
    const z = Key.of(0).normal([2, 50]);
    const shuffle = new Permutation(Key.of(1).permutation(50));
    const { y } = shuffle.forwardAndLogDet(z);
    expect(shuffle.inverseAndLogDet(y).z.dataSync()).toEqual(z.dataSync());
    expect([...y.dataSync()].sort()).toEqual([...z.dataSync()].sort());
  });

  it.each([[[0, 0]], [[1, 2]], [[0, 0.5]]])('refuses %j', (order) => {
    expect(() => new Permutation(order)).toThrow(/each of 0 to 1 once/);
  });
});

describe('Affine', () => {
  it.each([0, NaN, Infinity])('refuses the scale %d', (scale) => {
    expect(() => new Affine({ scale })).toThrow(/scale to be a finite number other than 0/);
  });

  it('refuses a shift and a scale that do not fit together', () => {
    const options = { shift: tf.zeros([2]), scale: tf.ones([3]) };
    expect(() => new Affine(options)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'shape')));
  });

  it('broadcasts a latent up to the shape of its parameters', () => {
    const { y, logDet } = new Affine({ shift: tf.zeros([3, 2]), scale: 2 }).forwardAndLogDet(tf.ones([2]));
    expect([y.shape, logDet.shape]).toEqual([
      [3, 2],
      [3, 2],
    ]);
  });
});

describe('BaseBijector', () => {
  it('frees intermediate tensors when an equation throws', () => {
    class Broken extends BaseBijector {
      readonly eventRank = 0;
      protected forward(z: tf.Tensor): never {
        tf.square(z);
        throw new Error('broken');
      }
      protected inverse(y: tf.Tensor): never {
        return this.forward(y);
      }
    }
    const z = tf.zeros([2]);
    expectNoLeaks(() => expect(() => new Broken().forwardAndLogDet(z)).toThrow('broken'));
    expectNoLeaks(() => expect(() => new Broken().inverseAndLogDet(z)).toThrow('broken'));
  });
});
