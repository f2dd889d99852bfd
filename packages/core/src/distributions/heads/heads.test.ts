import {
  bernoulli,
  categorical,
  conditional,
  discretizedLogistic,
  discretizedLogisticMixture,
  gaussian,
  Key,
  mlp,
  type DistributionHead,
} from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const heads: [string, DistributionHead, { numParameters: number; levels?: number }][] = [
  ['categorical', categorical({ shape: [2, 3], values: 5 }), { numParameters: 30, levels: 5 }],
  ['bernoulli', bernoulli({ shape: [6] }), { numParameters: 6, levels: 2 }],
  [
    'discretizedLogistic',
    discretizedLogistic({ shape: [2, 3], values: 17 }),
    { numParameters: 12, levels: 17 },
  ],
  [
    'discretizedLogisticMixture',
    discretizedLogisticMixture({ shape: [2, 3], values: 17, components: 4 }),
    { numParameters: 72, levels: 17 },
  ],
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

describe('discretized logistic heads', () => {
  const entropyAtZero = (head: DistributionHead) =>
    tf.tidy(() => {
      const distribution = head.distribution(tf.zeros([1, head.numParameters]));
      const values = tf.reshape(tf.range(0, head.levels!), [head.levels!, 1, 1]);
      const logProb = distribution.logProb(values);
      return -tf.sum(tf.mul(tf.exp(logProb), logProb)).dataSync()[0]!;
    });

  it.each([
    ['one component', discretizedLogistic({ shape: [1], values: 17 })],
    ['four components', discretizedLogisticMixture({ shape: [1], values: 17, components: 4 })],
  ])('start broad: %s', (_name, head) => {
    // Close to the ln 17 of the uniform distribution, so that no value is a surprise at the start.
    expect(entropyAtZero(head)).toBeGreaterThan(0.95 * Math.log(17));
  });

  it('span the values by means from -1 to 1', () => {
    const head = discretizedLogistic({ shape: [3], values: 17 });
    tf.tidy(() => {
      const mode = head.distribution(tf.tensor2d([[-1, 0, 1, -3, -3, -3]])).mode();
      expect(Array.from(mode.dataSync())).toEqual([0, 8, 16]);
    });
  });

  it.each([0, 1, 2.5])('refuse %s values', (values) => {
    expect(() => discretizedLogistic({ shape: [1], values })).toThrow('integer of at least 2');
    expect(() => categorical({ shape: [1], values })).toThrow('integer of at least 2');
    expect(() => discretizedLogisticMixture({ shape: [1], values: 4, components: values - 2 })).toThrow(
      'components',
    );
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

  it('takes a function for a network, and refuses what is none', () => {
    const head = gaussian({ shape: [2], std: 1 });
    const doubled = conditional((x) => tf.mul(x, 2), head);
    const mean = tf.tidy(() => Array.from(doubled.given(tf.tensor2d([[1, -3]])).mean().dataSync())); // prettier-ignore
    expect(mean).toEqual([2, -6]);
    expect(() => conditional('mlp' as unknown as () => tf.Tensor, head)).toThrow(
      'to be a Layer, a tf.LayersModel or a function',
    );
  });
});
