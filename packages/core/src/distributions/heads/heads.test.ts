import { bernoulli, categorical, conditional, gaussian, Key, mlp, type DistributionHead } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const heads: [string, DistributionHead, { numParameters: number; levels?: number }][] = [
  ['categorical', categorical({ shape: [2, 3], values: 5 }), { numParameters: 30, levels: 5 }],
  ['bernoulli', bernoulli({ shape: [6] }), { numParameters: 6, levels: 2 }],
  ['gaussian', gaussian({ shape: [2, 3] }), { numParameters: 12 }],
  ['gaussian with a fixed std', gaussian({ shape: [6], std: 0.5 }), { numParameters: 6 }],
];

describe('heads', () => {
  it.each(heads)('%s turns rows of parameters into a distribution over events', (_name, head, expected) => {
    expect({
      numParameters: head.numParameters,
      ...('levels' in head ? { levels: head.levels } : {}),
    }).toEqual(expected);
    expectNoLeaks(() =>
      tf.tidy(() => {
        const distribution = head.distribution(Key.of(0).normal([4, head.numParameters]));
        expect(distribution.batchShape).toEqual([4]);
        expect(distribution.eventShape).toEqual(head.eventShape);
        const x = distribution.sample(Key.of(1), [7]);
        expect(distribution.logProb(x).shape).toEqual([7, 4]);
        if (head.levels !== undefined) {
          const values = x.dataSync();
          expect(Math.max(...values)).toBeLessThan(head.levels);
          expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it.each(heads)('%s refuses another number of parameters, and says how many it wants', (_name, head) => {
    tf.tidy(() => {
      const wrong = tf.zeros([4, head.numParameters + 1]);
      expect(() => head.distribution(wrong)).toThrow(`[n, ${head.numParameters}]`);
    });
  });

  it('lays the logits of an entry side by side', () => {
    tf.tidy(() => {
      const head = categorical({ shape: [2], values: 3 });
      const mode = head.distribution(tf.tensor2d([[0, 9, 0, 0, 0, 9]])).mode();
      expect(mode.arraySync()).toEqual([[1, 2]]);
    });
  });

  it('takes means first, then log-variances', () => {
    tf.tidy(() => {
      const distribution = gaussian({ shape: [2] }).distribution(tf.tensor2d([[1, 2, 0, Math.log(4)]]));
      expect(distribution.mean().dataSync()).toBeCloseToArray([1, 2]);
      expect(distribution.variance().dataSync()).toBeCloseToArray([1, 4]);
    });
  });
});

describe('conditional', () => {
  it('owns its network and gives a distribution for a context', () => {
    const network = mlp([3, 4], { key: Key.of(0) });
    expectNoLeaks(() => {
      const decoder = conditional(network, gaussian({ shape: [2] }));
      expect([...decoder.parameters().values()]).toEqual([...network.parameters().values()]);
      expect(tf.tidy(() => [...decoder.given(tf.zeros([5, 3])).batchShape])).toEqual([5]);
      expect(() => decoder.given()).toThrow('context');
    });
    conditional(network, gaussian({ shape: [2] })).dispose();
    expect([...network.parameters().values()].every((variable) => variable.isDisposed)).toBe(true);
  });
});
