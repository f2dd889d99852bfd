import { BaseModule, bernoulliHead, categoricalHead, evaluate, normalHead, Key } from '@dgm/core';
import type { BoundModel, Distribution, LikelihoodModel, Objective } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { auxiliaryVae } from './auxiliary-vae';
import type { AuxiliaryVae } from './auxiliary-vae';
import { downscale } from './downscale';

describe('downscale', () => {
  const image = tf.tensor3d([1, 2, 3, 4, 16, 16, 16, 15], [1, 2, 4]);

  test('takes the mean of each block, rounded down, at the rank of its input', () => {
    tf.tidy(() => {
      const halve = downscale({ shape: [2, 4], factor: 2 });
      expect(halve(image).arraySync()).toEqual([[[8, 9]]]); // 35 / 4, 38 / 4
      expect(halve(tf.reshape(image, [1, 8])).arraySync()).toEqual([[8, 9]]);
    });
  });

  test('keeps the channels apart, and exact means exact', () => {
    tf.tidy(() => {
      const colours = tf.reshape(tf.tile(tf.tensor1d([7, 250]), [9]), [1, 3, 3, 2]);
      expect(downscale({ shape: [3, 3, 2], factor: 3 })(colours).arraySync()).toEqual([[[[7, 250]]]]);
    });
  });

  test('refuses a factor that does not divide', () => {
    expect(() => downscale({ shape: [4, 6], factor: 4 })).toThrow('to divide height and width');
    expect(() => downscale({ shape: [4], factor: 2 })).toThrow('got 2');
  });
});

const LOGITS = [0.5, 0, -1];
const logProbOf = (y: number): number =>
  LOGITS[y]! - Math.log(LOGITS.reduce((total, logit) => total + Math.exp(logit), 0));

/** p(y) over one integer from 0 to 2. */
class Table extends BaseModule implements LikelihoodModel {
  readonly likelihoodKind = 'exact';
  readonly eventShape = [1];

  logProb(y: Tensor): Tensor {
    return tf.tidy(() => this.#given(y.shape[0]!).logProb(y));
  }

  sample(key: Key, n: number): Tensor {
    return tf.tidy(() => this.#given(n).sample(key));
  }

  objectives(): readonly Objective[] {
    return [
      {
        name: 'nll',
        parameters: [],
        loss: (y) => tf.tidy(() => ({ total: tf.neg(tf.mean<Scalar>(this.logProb(y))) })),
      },
    ];
  }

  #given(n: number): Distribution {
    return categoricalHead({ shape: [1], levels: 3 }).distribution(tf.tile(tf.tensor2d([LOGITS]), [n, 1]));
  }
}

/** Two bits over their sum: p(z|y) = N(0.5 y, 1), logits (y - 1 + z, y - 1 - z). */
const bits = (base: BoundModel | LikelihoodModel = new Table()): AuxiliaryVae =>
  auxiliaryVae({
    auxiliary: (x) => tf.sum(x, 1, true),
    base,
    encoder: (x) => tf.concat([tf.mul(2, tf.slice(x, [0, 0], [-1, 1])), tf.fill([x.shape[0]!, 1], -0.2)], 1),
    prior: (y) => tf.concat([tf.mul(0.5, y), tf.zerosLike(y)], 1),
    decoder: (both) => {
      const [z, y] = tf.split(both, 2, 1);
      return tf.add(tf.sub(y!, 1), tf.concat([z!, tf.neg(z!)], 1));
    },
    latent: normalHead({ shape: [1] }),
    likelihood: bernoulliHead({ shape: [2] }),
  });

/** ln p(y) + ln of the integral over z, on a grid. */
function logJoint([first, second]: readonly [number, number]): number {
  const y = first + second;
  const step = 0.01;
  let total = 0;
  for (let z = -8; z < 9; z += step) {
    const [p, q] = [y - 1 + z, y - 1 - z].map((logit) => 1 / (1 + Math.exp(-logit))) as [number, number];
    const likelihood = (first === 1 ? p : 1 - p) * (second === 1 ? q : 1 - q);
    total += (likelihood * Math.exp(-0.5 * (z - 0.5 * y) ** 2) * step) / Math.sqrt(2 * Math.PI);
  }
  return logProbOf(y) + Math.log(total);
}

describe('auxiliaryVae', () => {
  const pairs = [[0, 0], [0, 1], [1, 0], [1, 1]] as const; // prettier-ignore
  const values = Float32Array.from(pairs.flat());
  const many = {
    count: 400,
    shape: [2],
    values: Float32Array.from({ length: 800 }, (_, i) => values[i % 8]!),
  };
  const truth = -pairs.map(logJoint).reduce((total, value) => total + value / 4, 0);

  test('its bound is below ln p(x, y), and importance sampling reaches it', async () => {
    const model = bits();
    const bound = await evaluate(model, many, { key: Key.of(0), batchSize: 400, numSamples: 20 });
    expect(bound.nats - 4 * bound.standardError).toBeGreaterThan(truth);
    const sampled = await evaluate(model, many, { key: Key.of(1), batchSize: 400, importanceSamples: 400 });
    expect(Math.abs(sampled.nats - truth)).toBeLessThan(4 * sampled.standardError + 1e-3);
  });

  test('the terms of its loss add up to minus the bound at the same draw', () => {
    tf.tidy(() => {
      const model = bits();
      const x = tf.tensor2d(values, [4, 2]);
      const loss = model.objectives()[0]!.loss(x, Key.of(2), { training: true });
      const { total, auxiliary, reconstruction, regularizer } = Object.fromEntries(
        Object.entries(loss).map(([name, term]) => [name, term.dataSync()[0]!]),
      ) as Record<'total' | 'auxiliary' | 'reconstruction' | 'regularizer', number>;
      expect(total).toBeCloseTo(auxiliary + reconstruction + regularizer, 5);
      expect(total).toBeCloseTo(-tf.mean(model.elbo(x, Key.of(2))).dataSync()[0]!, 5);
    });
  });

  test('draws y as its base does, and x given y', () => {
    tf.tidy(() => {
      const model = bits();
      expect(model.sample(Key.of(3), 5).shape).toEqual([5, 2]);
      // For y = 0 and z around 0, both bits have the logits -1 + z and -1 - z.
      const given = model.complete(tf.zeros([4000, 1]), Key.of(4));
      const frequency = tf.mean(given).dataSync()[0]!;
      let expected = 0;
      for (let z = -8; z < 8; z += 0.01) {
        expected += ((0.01 / Math.sqrt(2 * Math.PI)) * Math.exp(-0.5 * z * z)) / (1 + Math.exp(1 - z));
      }
      expect(Math.abs(frequency - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 8000));
    });
  });

  test('asks for the weights of a base that has none', () => {
    const base: BoundModel = {
      likelihoodKind: 'lower-bound',
      eventShape: [1],
      sample: (_key, n) => tf.zeros([n, 1]),
      objectives: () => [],
      elbo: (y) => tf.zeros([y.shape[0]!]),
      parameters: () => new Map(),
      dispose: () => undefined,
    };
    const model = bits(base);
    expect(() => model.logWeights(tf.zeros([1, 2]), Key.of(5), 2)).toThrow(
      'expected base to have logWeights',
    );
  });
});
