import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { broadcastTo } from '../ops/broadcast-to';
import { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';

/** Batch of 2, events of 3; its equations leave intermediate tensors behind, and throw if asked to. */
class Specimen extends BaseDistribution {
  readonly kind = 'Specimen';
  readonly batchShape: Shape = [2];
  readonly eventShape: Shape = [3];
  readonly reparameterized = true;

  constructor(readonly broken = false) {
    super();
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const noise = key.normal([...sampleShape, 2, 3]);
    if (this.broken) throw new RangeError('broken');
    return tf.mul(2, noise);
  }

  protected logDensity(x: Tensor): Tensor {
    const squares = tf.square(x);
    if (this.broken) throw new RangeError('broken');
    return tf.neg(tf.sum(squares, -1));
  }
}

describe('BaseDistribution', () => {
  it.each(['entropy', 'mean', 'variance', 'mode'] as const)(
    'says that %s has no closed form, and what to do',
    (method) => {
      const call = (): Tensor => new Specimen()[method]();
      expect(call).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'unsupported')));
      expect(call).toThrow(new RegExp(`^Specimen.${method}: .*; \\w+`));
    },
  );

  it('says that the cdf has no closed form', () => {
    const x = tf.zeros([2, 3]);
    expectNoLeaks(() =>
      expect(() => new Specimen().cdf(x)).toThrow(/Specimen.cdf: .*; take the fraction of samples/),
    );
  });

  it.each([[[2, 3]], [[5, 2, 3]], [[1, 3]], [[3]], [[4, 1, 3]]])(
    'broadcasts a value of shape %j against its batch',
    (shape) => {
      const logProb = new Specimen().logProb(tf.ones(shape));
      expect(logProb.shape).toEqual([...shape.slice(0, -2), 2]);
      expect(new Set(logProb.dataSync())).toEqual(new Set([-3]));
    },
  );

  it.each([[[2, 4]], [[3, 3]], [[]], [[2]]])(
    'refuses a value of shape %j, and shows both shapes',
    (shape) => {
      const x = tf.zeros(shape);
      const call = (): Tensor => new Specimen().logProb(x);
      expectNoLeaks(() => expect(call).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'shape'))));
      expect(call).toThrow(`expected x of shape [..., 2, 3], got [${shape.join(', ')}]`);
    },
  );

  it('frees intermediate tensors, also when an equation throws', () => {
    const x = tf.zeros([2, 3]);
    expectNoLeaks(() => tf.dispose([new Specimen().sample(Key.of(0)), new Specimen().logProb(x)]));
    expectNoLeaks(() => expect(() => new Specimen(true).sample(Key.of(0))).toThrow('broken'));
    expectNoLeaks(() => expect(() => new Specimen(true).logProb(x)).toThrow('broken'));
  });
});

describe('broadcastTo', () => {
  it('broadcasts to axes of size 0, also in the gradient', () => {
    tf.tidy(() => {
      expect(broadcastTo(tf.ones([3, 1]), [2, 3, 0]).shape).toEqual([2, 3, 0]);
      expect(broadcastTo(tf.scalar(1), [2]).arraySync()).toEqual([1, 1]);
      const gradient = tf.grad((x: Tensor) => tf.sum(broadcastTo(x, [0])))(tf.scalar(2));
      expect(gradient.arraySync()).toBe(0);
    });
  });
});
