import {
  bernoulliHead,
  categoricalHead,
  conditional,
  continuousBernoulliHead,
  discretizedLogisticHead,
  discretizedLogisticMixtureHead,
  distributionHead,
  Gamma,
  Independent,
  laplaceHead,
  normalHead,
  normalMixtureHead,
  poissonHead,
  studentTHead,
  Key,
  logisticPixelMixtureHead,
  LogisticPixelMixture,
  mlp,
  type DistributionHead,
} from '@dgm/core';
import { everyEvent, expectNoLeaks, tensorOf } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const heads: [string, DistributionHead, { numParameters: number; levels?: number }][] = [
  ['categorical', categoricalHead({ shape: [2, 3], levels: 5 }), { numParameters: 30, levels: 5 }],
  ['bernoulli', bernoulliHead({ shape: [6] }), { numParameters: 6, levels: 2 }],
  [
    'discretizedLogistic',
    discretizedLogisticHead({ shape: [2, 3], levels: 17 }),
    { numParameters: 12, levels: 17 },
  ],
  [
    'discretizedLogisticMixture',
    discretizedLogisticMixtureHead({ shape: [2, 3], levels: 17, components: 4 }),
    { numParameters: 72, levels: 17 },
  ],
  [
    'logisticPixelMixture',
    logisticPixelMixtureHead({ shape: [2, 3], levels: 17, components: 4 }),
    { numParameters: 80, levels: 17 },
  ],
  ['continuousBernoulli', continuousBernoulliHead({ shape: [2, 3] }), { numParameters: 6 }],
  ['normal', normalHead({ shape: [2, 3] }), { numParameters: 12 }],
  ['normalMixture', normalMixtureHead({ shape: [2, 3], components: 4 }), { numParameters: 72 }],
  ['laplace', laplaceHead({ shape: [2, 3] }), { numParameters: 12 }],
  ['studentT', studentTHead({ shape: [2, 3] }), { numParameters: 18 }],
  [
    'studentT with fixed degrees of freedom',
    studentTHead({ shape: [6], degreesOfFreedom: 4 }),
    { numParameters: 12 },
  ],
  ['poisson', poissonHead({ shape: [2, 3] }), { numParameters: 6, levels: Infinity }],
  ['normal with a fixed std', normalHead({ shape: [6], std: 0.5 }), { numParameters: 6 }],
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

  it.each([
    ...[bernoulliHead, continuousBernoulliHead, laplaceHead, normalHead, poissonHead, studentTHead],
    (options: { shape: never }) => categoricalHead({ ...options, levels: 2 }),
    (options: { shape: never }) => normalMixtureHead({ ...options, components: 2 }),
    (options: { shape: never }) => discretizedLogisticHead({ ...options, levels: 2 }),
    (options: { shape: never }) => discretizedLogisticMixtureHead({ ...options, levels: 2, components: 2 }),
    (options: { shape: never }) => logisticPixelMixtureHead({ ...options, levels: 2, components: 2 }),
  ])('refuse what is no shape', (make) => {
    for (const shape of [undefined, 3, [0], [2, -1]]) {
      expect(() => make({ shape: shape as never })).toThrow('shape to be a list of integers of at least 1');
    }
  });

  it("can be made of a rule of one's own", () => {
    const head = distributionHead({
      name: 'exponentialHead',
      ...{ numParameters: 2, eventShape: [2] },
      build: (rows) => new Independent(new Gamma(1, tf.exp(rows)), 1),
    });
    tf.tidy(() => {
      const p = head.distribution(tf.log(tf.tensor2d([[1, 4]])));
      expect(p.mean().arraySync()).toEqual([[1, expect.closeTo(0.25)]]);
      expect(() => head.distribution(tf.zeros([1, 3]))).toThrow('exponentialHead.distribution');
    });
    expect(head.space).toBe('reals');
  });

  it('lays the logits of an entry side by side', () => {
    tf.tidy(() => {
      const head = categoricalHead({ shape: [2], levels: 3 });
      const mode = head.distribution(tf.tensor2d([[0, 9, 0, 0, 0, 9]])).mode();
      expect(mode.arraySync()).toEqual([[1, 2]]);
    });
  });

  it('takes means first, then log-variances', () => {
    tf.tidy(() => {
      const distribution = normalHead({ shape: [2] }).distribution(tf.tensor2d([[1, 2, 0, Math.log(4)]]));
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
    ['one component', discretizedLogisticHead({ shape: [1], levels: 17 })],
    ['four components', discretizedLogisticMixtureHead({ shape: [1], levels: 17, components: 4 })],
  ])('start broad: %s', (_name, head) => {
    // Close to the ln 17 of the uniform distribution, so that no value is a surprise at the start.
    expect(entropyAtZero(head)).toBeGreaterThan(0.95 * Math.log(17));
  });

  it('span the values by means from -1 to 1', () => {
    const head = discretizedLogisticHead({ shape: [3], levels: 17 });
    tf.tidy(() => {
      const mode = head.distribution(tf.tensor2d([[-1, 0, 1, -3, -3, -3]])).mode();
      expect(Array.from(mode.dataSync())).toEqual([0, 8, 16]);
    });
  });

  it.each([0, 1, 2.5])('refuse %s values', (values) => {
    expect(() => discretizedLogisticHead({ shape: [1], levels: values })).toThrow('integer of at least 2');
    expect(() => categoricalHead({ shape: [1], levels: values })).toThrow('integer of at least 2');
    expect(() => discretizedLogisticMixtureHead({ shape: [1], levels: 4, components: values - 2 })).toThrow(
      'components',
    );
  });
});

describe('logisticPixelMixture', () => {
  const head = (shape: readonly number[]) => logisticPixelMixtureHead({ shape, levels: 5, components: 2 });

  it('lets a channel depend on those before it, and on nothing later', () => {
    // Parameters of pixels with 2 channels are among those with 3: the first 2 channels do not know of the third.
    tf.tidy(() => {
      const [logits, mean, logScale, coefficients] = tf.split(Key.of(0).normal([1, 20]), [2, 6, 6, 6], 1);
      const first = (part: Tensor, count: number): Tensor =>
        tf.reshape(tf.slice(tf.reshape(part, [2, 3]), [0, 0], [2, count]), [1, 2 * count]);
      const ofThree = head([3]).distribution(tf.concat([logits!, mean!, logScale!, coefficients!], 1));
      const ofTwo = head([2]).distribution(
        tf.concat([logits!, first(mean!, 2), first(logScale!, 2), first(coefficients!, 1)], 1),
      );
      const two = tensorOf(everyEvent([0, 1, 2, 3, 4], 2));
      const three = tensorOf(everyEvent([0, 1, 2, 3, 4], 3)); // the last channel changes fastest
      const marginal = tf.sum(tf.reshape(tf.exp(ofThree.logProb(tf.expandDims(three, 1))), [25, 5]), 1);
      const joint = tf.exp(ofTwo.logProb(tf.expandDims(two, 1)));
      expect(marginal.dataSync()).toBeCloseToArray(joint.dataSync());
      // And the second does depend on the first.
      const given = tf.softmax(tf.log(tf.reshape(joint, [5, 5]))).arraySync() as number[][];
      expect(given[4]).not.toBeCloseToArray(given[0]!);
    });
  });

  it('starts broad: every colour is expected, grey or not', () => {
    tf.tidy(() => {
      const start = logisticPixelMixtureHead({ shape: [3], levels: 256, components: 10 });
      const distribution = start.distribution(tf.zeros([1, start.numParameters]));
      const colours = tf.tensor2d([[0, 0, 0], [128, 128, 128], [255, 0, 0], [0, 255, 255], [30, 200, 90]]); // prettier-ignore
      for (const logProb of distribution.logProb(tf.expandDims(colours, 1)).dataSync()) {
        expect(-logProb / (3 * Math.log(256))).toBeLessThan(1.25);
      }
    });
  });

  it('takes the pixels of an image as independent given the parameters', () => {
    tf.tidy(() => {
      const parameters = Key.of(1).normal([1, 2 * 20]);
      const x = tf.tensor3d([[[0, 3, 4], [2, 2, 1]]]); // prettier-ignore
      const ofPixels = head([3])
        .distribution(tf.reshape(parameters, [2, 20]))
        .logProb(tf.squeeze(x, [0]));
      const whole = head([2, 3]).distribution(parameters).logProb(x);
      expect(whole.dataSync()).toBeCloseToArray(tf.sum(ofPixels, 0, true).dataSync());
    });
  });

  it('says what it cannot be made of', () => {
    expect(() => head([4, 1])).toThrow('2 channels or more');
    expect(() => logisticPixelMixtureHead({ shape: [3], levels: 1, components: 2 })).toThrow('levels');
    expect(() => logisticPixelMixtureHead({ shape: [3], levels: 4, components: 0 })).toThrow('components');
    tf.tidy(() => {
      const [logits, mean] = [tf.zeros([2]), tf.zeros([2, 3])];
      const parameters = { logits, mean, logScale: mean, coefficients: logits };
      expect(() => new LogisticPixelMixture(parameters, 4)).toThrow('[..., K, C]');
    });
  });
});

describe('conditional', () => {
  it('owns its network and gives a distribution for a context', () => {
    const network = mlp([3, 4], { key: Key.of(0) });
    expectNoLeaks(() => {
      const decoder = conditional(network, normalHead({ shape: [2] }));
      expect([...decoder.parameters().values()]).toEqual([...network.parameters().values()]);
      expect(tf.tidy(() => [...decoder.given(tf.zeros([5, 3])).batchShape])).toEqual([5]);
      expect(() => decoder.given()).toThrow('context');
    });
    conditional(network, normalHead({ shape: [2] })).dispose();
    expect([...network.parameters().values()].every((variable) => variable.isDisposed)).toBe(true);
  });

  it('takes a function for a network, and refuses what is none', () => {
    const head = normalHead({ shape: [2], std: 1 });
    const doubled = conditional((x) => tf.mul(x, 2), head);
    const mean = tf.tidy(() => Array.from(doubled.given(tf.tensor2d([[1, -3]])).mean().dataSync())); // prettier-ignore
    expect(mean).toEqual([2, -6]);
    expect(() => conditional('mlp' as unknown as () => tf.Tensor, head)).toThrow(
      'to be a Layer, a tf.LayersModel or a function',
    );
  });
});
