import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  Affine,
  BaseBijector,
  Block,
  Compose,
  DgmError,
  Exp,
  Inverse,
  Key,
  Permutation,
  Tanh,
} from '../index';

describe('Compose', () => {
  it('applies the first of the list first in the forward direction', () => {
    const double = new Affine({ scale: 2 });
    const increment = new Affine({ shift: 1 });
    const { y } = new Compose([double, increment]).forwardAndLogDet(tf.tensor1d([3]));
    expect(y.dataSync()).toBeCloseToArray([7]);
    const { z } = new Compose([double, increment]).inverseAndLogDet(tf.tensor1d([7]));
    expect(z.dataSync()).toBeCloseToArray([3]);
  });

  it('sums element-wise log-determinants over the event of the largest part', () => {
    const { logDet } = new Compose([new Affine({ scale: 2 }), Permutation.reverse(3)]).forwardAndLogDet(
      tf.zeros([4, 3]),
    );
    expect(logDet.shape).toEqual([4]);
    expect(logDet.dataSync()).toBeCloseToArray(Array(4).fill(3 * Math.LN2));
  });

  it('passes on the error of a part, and leaves nothing behind', () => {
    const broken = new Compose([new Exp(), Permutation.reverse(3)]);
    const z = tf.zeros([2, 4]);
    expectNoLeaks(() =>
      expect(() => broken.forwardAndLogDet(z)).toThrow(/Permutation.forwardAndLogDet.*\[\.\.\., 3\]/),
    );
  });
});

describe('Inverse', () => {
  it('of an inverse is the original', () => {
    const { y } = new Inverse(new Inverse(new Exp())).forwardAndLogDet(tf.tensor1d([1]));
    expect(y.dataSync()).toBeCloseToArray([Math.E]);
  });
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

describe('Block', () => {
  it('refuses a rank below that of its part', () => {
    expect(() => new Block(Permutation.reverse(2), { eventRank: 0 })).toThrow(/at least 1/);
  });

  it('refuses an input of a lower rank', () => {
    const block = new Block(new Tanh(), { eventRank: 2 });
    expect(() => block.forwardAndLogDet(tf.zeros([3]))).toThrow(/of rank 2 or more, got \[3\]/);
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
