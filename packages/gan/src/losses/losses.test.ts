import { Key, mlp, ndtri } from '@dgm/core';
import { automaticGradients, expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it, test } from 'vitest';
import { adversarialLoss } from './adversarial-loss';
import type { AdversarialLossName } from './adversarial-loss';
import { fDivergence } from './f-divergence';
import type { FDivergenceName } from './f-divergence';

const REAL = [2, -1, 0.5];
const FAKE = [-0.5, 1.5, -3];
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const sigmoid = (s: number): number => 1 / (1 + Math.exp(-s));

/** What each loss is by its equation, in doubles. */
const losses: Readonly<Record<AdversarialLossName, readonly [critic: number, generator: number]>> = {
  saturating: [
    -mean(REAL.map((s) => Math.log(sigmoid(s)))) - mean(FAKE.map((s) => Math.log(1 - sigmoid(s)))),
    mean(FAKE.map((s) => Math.log(1 - sigmoid(s)))),
  ],
  'non-saturating': [
    -mean(REAL.map((s) => Math.log(sigmoid(s)))) - mean(FAKE.map((s) => Math.log(1 - sigmoid(s)))),
    -mean(FAKE.map((s) => Math.log(sigmoid(s)))),
  ],
  'least-squares': [
    0.5 * mean(REAL.map((s) => (s - 1) ** 2)) + 0.5 * mean(FAKE.map((s) => s ** 2)),
    0.5 * mean(FAKE.map((s) => (s - 1) ** 2)),
  ],
  hinge: [mean(REAL.map((s) => Math.max(0, 1 - s))) + mean(FAKE.map((s) => Math.max(0, 1 + s))), -mean(FAKE)],
  wasserstein: [mean(FAKE) - mean(REAL), -mean(FAKE)],
  relativistic: [
    -mean(REAL.map((s, i) => Math.log(sigmoid(s - FAKE[i]!)))),
    -mean(REAL.map((s, i) => Math.log(sigmoid(FAKE[i]! - s)))),
  ],
};

describe.each(Object.keys(losses) as AdversarialLossName[])('the loss "%s"', (name) => {
  const { critic, generator } = adversarialLoss(name);
  test('is its equation', () => {
    tf.tidy(() => {
      const [real, fake] = [tf.tensor1d(REAL), tf.tensor1d(FAKE)];
      expect(critic(real, fake).dataSync()[0]).toBeCloseTo(losses[name][0], 5);
      expect(generator(fake, real).dataSync()[0]).toBeCloseTo(losses[name][1], 5);
    });
  });

  test('stays finite, with its gradients, for scores of a critic that is certain', () => {
    const far = [[1e4, -1e4]];
    for (const player of [(s: Tensor) => critic(s, tf.neg(s)), (s: Tensor) => generator(s, tf.neg(s))]) {
      const [gradient] = automaticGradients((s) => player(s!), far);
      expect(gradient!.every(Number.isFinite)).toBe(true);
    }
  });
});

const names: readonly FDivergenceName[] = [
  ...(['kl', 'reverse-kl', 'pearson-chi-squared', 'neyman-chi-squared'] as const),
  ...(['squared-hellinger', 'jensen-shannon', 'gan', 'total-variation'] as const),
];

/** f(u) of each divergence, as Nowozin et al. print it in Table 1 or 6. */
const generators: Readonly<Record<FDivergenceName, (u: number) => number>> = {
  kl: (u) => u * Math.log(u),
  'reverse-kl': (u) => -Math.log(u),
  'pearson-chi-squared': (u) => (u - 1) ** 2,
  'neyman-chi-squared': (u) => (1 - u) ** 2 / u,
  'squared-hellinger': (u) => (Math.sqrt(u) - 1) ** 2,
  'jensen-shannon': (u) => -(u + 1) * Math.log((1 + u) / 2) + u * Math.log(u),
  gan: (u) => u * Math.log(u) - (u + 1) * Math.log(u + 1),
  'total-variation': (u) => 0.5 * Math.abs(u - 1),
};

describe.each(names)('the divergence "%s"', (name) => {
  const divergence = fDivergence(name);

  test('has the conjugate of its f: the best score at a ratio u gives f(u)', () => {
    // f(u) = max_v u g(v) - f*(g(v)), here over a fine grid of scores.
    tf.tidy(() => {
      const v = tf.linspace(-15, 15, 60_001);
      for (const u of [0.1, 0.5, 1.5, 4]) {
        const best = tf.max(tf.sub(tf.mul(u, divergence.link(v)), divergence.conjugate(v)));
        expect(best.dataSync()[0]).toBeCloseTo(generators[name](u), 4);
      }
    });
  });

  test.runIf(divergence.logRatio)('tells the ratio of the densities from its best score', () => {
    // There u g'(v) = (f* g)'(v).
    tf.tidy(() => {
      const v = tf.linspace(-1.5, 3, 91);
      const slope = (f: (v: Tensor) => Tensor) => tf.grad((v: Tensor) => tf.sum(f(v)))(v);
      const ratio = tf.exp(divergence.logRatio!(v));
      expect(tf.mul(ratio, slope(divergence.link)).dataSync()).toBeCloseToArray(
        slope(divergence.conjugate).dataSync(),
        { relative: 1e-4, absolute: 1e-5 },
      );
    });
  });

  test('is found within 2 % for two normals by training a critic', () => {
    const expected = divergenceOfNormals(name);
    const error = Math.abs(trainedBound(name) - expected);
    // That of a classifier is measured from its value for equal distributions, -2 ln 2.
    expect(error).toBeLessThan(0.02 * (name === 'gan' ? expected + 2 * Math.LN2 : expected));
  });

  test('has the losses of both players, without leaks', () => {
    tf.tidy(() => {
      const [real, fake] = [tf.tensor1d(REAL), tf.tensor1d(FAKE)];
      const value = (x: Tensor): number => x.dataSync()[0]!;
      const { generator } = fDivergence(name, { generator: 'non-saturating' });
      expect(value(divergence.critic(real, fake))).toBeCloseTo(
        value(tf.mean(divergence.conjugate(fake))) - value(tf.mean(divergence.link(real))),
        5,
      );
      expect(value(divergence.generator(fake))).toBeCloseTo(-value(tf.mean(divergence.conjugate(fake))), 5);
      expect(value(generator(fake))).toBeCloseTo(-value(tf.mean(divergence.link(fake))), 5);
      expectNoLeaks(() => tf.dispose([divergence.critic(real, fake), generator(fake)]));
    });
  });
});

const MEAN = 0.6;

/** D(p || q) of p = N(0.6, 1) and q = N(0, 1): the integral of q f(p/q) by the trapezoidal rule in doubles. */
function divergenceOfNormals(name: FDivergenceName): number {
  const step = 1e-3;
  let sum = 0;
  for (let x = -8; x < 8; x += step) {
    const q = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    const p = Math.exp(-0.5 * (x - MEAN) ** 2) / Math.sqrt(2 * Math.PI);
    sum += step * q * generators[name](p / q);
  }
  return sum;
}

/** The bound of a small critic after training, on points that lie as evenly as the densities have it. */
function trainedBound(name: FDivergenceName): number {
  const divergence = fDivergence(name);
  const critic = mlp([1, 16, 1], { key: Key.of(0), activation: 'softplus' });
  const draws = (count: number): [real: Tensor, fake: Tensor] => {
    const q = tf.reshape(ndtri(tf.div(tf.add(tf.range(0, count), 0.5), count)), [-1, 1]);
    return [tf.add(MEAN, q), q];
  };
  const optimizer = tf.train.adam(3e-2);
  const bound = tf.tidy(() => {
    const [real, fake] = draws(400);
    const loss = () => divergence.critic(critic.apply(real), critic.apply(fake));
    const variables = [...critic.parameters().values()];
    for (let step = 0; step < 150; step++) optimizer.minimize(loss, false, variables);
    const [x, y] = draws(1000);
    return divergence.bound(critic.apply(x), critic.apply(y)).dataSync()[0]!;
  });
  optimizer.dispose();
  critic.dispose();
  return bound;
}

it('refuses names that do not exist, with the closest one', () => {
  expect(() => adversarialLoss('hinges' as 'hinge')).toThrow('did you mean "hinge"');
  expect(() => fDivergence('jensen-shanon' as 'gan')).toThrow('did you mean "jensen-shannon"');
  expect(() => fDivergence('kl', null as never)).toThrow('options');
  expect(() => fDivergence('kl', { generators: 'minimax' } as object)).toThrow('generators');
});
