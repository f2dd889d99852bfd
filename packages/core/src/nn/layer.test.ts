import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { leadingShape } from '../shape/shape';
import { Key } from '../random/key';
import { BaseLayer, childCall, type CallOptions } from './layer';

class Specimen extends BaseLayer {
  calls = 0;
  call: CallOptions | undefined;

  constructor(readonly broken = false) {
    super();
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [3], 'Specimen.apply', 'x');
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    this.calls++;
    this.call = call;
    const doubled = tf.mul(2, x);
    if (this.broken) throw new RangeError('broken');
    return tf.add(1, doubled);
  }
}

describe('BaseLayer', () => {
  it('frees intermediate tensors, also when the equation throws', () => {
    const x = tf.ones([2, 3]);
    expectNoLeaks(() => new Specimen().apply(x).dispose());
    expectNoLeaks(() => expect(() => new Specimen(true).apply(x)).toThrow('broken'));
    expect(new Specimen().apply(x).dataSync()).toBeCloseToArray([3, 3, 3, 3, 3, 3]);
  });

  it('refuses a shape before it computes', () => {
    const layer = new Specimen();
    const x = tf.ones([3, 2]);
    expectNoLeaks(() =>
      expect(() => layer.apply(x)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'shape'))),
    );
    expect(layer.calls).toBe(0);
  });

  it('passes the options of the call on, and empty ones if there is none', () => {
    const layer = new Specimen();
    const x = tf.ones([3]);
    layer.apply(x, { training: true });
    expect(layer.call).toEqual({ training: true });
    layer.apply(x);
    expect(layer.call).toEqual({});
  });
});

describe('childCall', () => {
  it('gives each child a key of its own and leaves the rest', () => {
    const key = Key.of(0);
    const [first, second] = [childCall({ training: true, key }, 0), childCall({ training: true, key }, 1)];
    expect([first.training, second.training]).toEqual([true, true]);
    expect(new Set([key, first.key!, second.key!].map((each) => each.toJSON())).size).toBe(3);
    expect(childCall<CallOptions>({ training: true }, 0)).toEqual({ training: true });
  });
});
