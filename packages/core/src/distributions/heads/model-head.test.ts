import {
  BaseModule,
  conditional,
  Dropout,
  Independent,
  Key,
  mlp,
  modelHead,
  Normal,
  Sequential,
  type CallOptions,
  type ConditionalDistribution,
  type Distribution,
} from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

/** A normal around the context, with a learned scale; it keeps what it is called with. */
class AroundContext extends BaseModule implements ConditionalDistribution {
  readonly eventShape = [3];
  readonly calls: (CallOptions | undefined)[] = [];
  readonly #logScale: Variable;

  constructor() {
    super();
    this.#logScale = this.parameter('logScale', tf.zeros([3]));
  }

  given(context?: Tensor, call?: CallOptions): Distribution {
    this.calls.push(call);
    return new Independent(new Normal(context!, { logScale: this.#logScale }), 1);
  }
}

describe('modelHead', () => {
  it('is a head that owns the model, and what takes the head owns both', () => {
    expectNoLeaks(() => {
      const head = modelHead(new AroundContext(), { contextSize: 3 });
      expect([head.numParameters, head.eventShape]).toEqual([3, [3]]);
      const q = conditional(mlp([2, 3], { key: Key.of(0) }), head);
      expect([...q.parameters().keys()]).toEqual(['network/0/kernel', 'network/0/bias', 'head/logScale']);
      expect(tf.tidy(() => q.given(tf.zeros([5, 2])).batchShape[0])).toBe(5);
      q.dispose();
    });
  });

  it('tells network and model how they are called, each with a key of its own', () => {
    const model = new AroundContext();
    const dropout = new Dropout({ rate: 0.5 });
    const q = conditional(new Sequential([dropout]), modelHead(model, { contextSize: 3 }));
    const mean = (call?: CallOptions): number[] =>
      tf.tidy(() =>
        Array.from(
          q
            .given(tf.ones([4, 3]), call)
            .mean()
            .dataSync(),
        ),
      );
    expect(new Set(mean())).toEqual(new Set([1]));
    expect(new Set(mean({ training: true, key: Key.of(1) }))).toEqual(new Set([0, 2]));
    expect(model.calls.map((call) => call?.training)).toEqual([undefined, true]);
    expect(model.calls[1]?.key?.toJSON()).toBe(Key.of(1).fold('head').toJSON());
    q.dispose();
  });
});
