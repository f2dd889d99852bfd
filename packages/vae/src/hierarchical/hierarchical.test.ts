import {
  asLayer,
  Dense,
  evaluate,
  Key,
  klDivergence,
  linearAnnealing,
  Mixture,
  Normal,
  normalHead,
} from '@dgm/core';
import type { CallOptions, Layer } from '@dgm/core';
import '@dgm/testing';
import { meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import type { BaseHierarchicalVae, LatentLevel } from './base-hierarchical-vae';
import { bottomUpVae } from './bottom-up-vae';
import type { HierarchicalObjective } from './hierarchical-objective';
import { ladderVae, topDownVae } from './top-down-vae';

/**
 * A chain of scalars, z2 ~ N(0, 1), z1 = A z2 + N(0, S^2), x = W z1 + B + N(0, V^2): every conditional of it is a normal
 * distribution with a linear mean, so that the networks below can be the truth.
 */
const [A, S, W, B, V] = [0.8, 0.6, 1.5, 0.3, 0.5];
const priorVariance = A ** 2 + S ** 2; // of z1
const x = () => tf.tensor2d([0.5, -2, 4], [3, 1]);

/** y = slope x + offset, beside a constant log-variance. */
const linear = (slope: number, offset: number, variance: number): Layer =>
  asLayer((input) => {
    const mean = tf.add(tf.mul(slope, input), offset);
    return tf.concat([mean, tf.fill(mean.shape, Math.log(variance))], 1);
  });
const identity = asLayer((input) => input);

const likelihood = normalHead({ shape: [1], std: V });
const decoder = asLayer((z) => tf.add(tf.mul(W, z), B));
const prior = linear(A, 0, S ** 2);

/** q(u | v) for u of the given variance and v = slope u + offset + noise: the slope, the offset, the variance. */
function bayes(variance: number, slope: number, noise: number, offset = 0): [number, number, number] {
  const gain = (variance * slope) / (slope ** 2 * variance + noise);
  return [gain, -gain * offset, variance * (1 - gain * slope)];
}

const ladder = (objective: HierarchicalObjective = {}, shift = 0) =>
  ladderVae({
    levels: [
      // x says z1 = (x - B) / W with variance V^2 / W^2.
      { latent: 1, prior, bottomUp: identity, evidence: linear(1 / W, shift - B / W, (V / W) ** 2) },
      {
        latent: 1,
        bottomUp: identity,
        evidence: linear(...bayes(1, A * W, (W * S) ** 2 + V ** 2, B)),
      },
    ],
    decoder,
    likelihood,
    objective,
  });

/** The evidence is a function of x and z2 side by side. */
const direct = () => {
  // Given z2 and x, z1 has the variance D and the mean D (A z2 / S^2 + W (x - B) / V^2).
  const D = 1 / (1 / S ** 2 + (W / V) ** 2);
  return topDownVae({
    levels: [
      {
        latent: 1,
        prior,
        bottomUp: identity,
        evidence: (both) => {
          const [own, above] = tf.split(both, 2, -1);
          const mean = tf.mul(D, tf.add(tf.mul(A / S ** 2, above!), tf.mul(W / V ** 2, tf.sub(own!, B))));
          return tf.concat([mean, tf.fill(mean.shape, Math.log(D))], 1);
        },
      },
      { latent: 1, bottomUp: identity, evidence: linear(...bayes(1, A * W, (W * S) ** 2 + V ** 2, B)) },
    ],
    decoder,
    likelihood,
    combination: 'direct',
  });
};

const bottomUp = (shift = 0) =>
  bottomUpVae({
    levels: [
      { latent: 1, prior, posterior: shifted(linear(...bayes(priorVariance, W, V ** 2, B)), shift) },
      { latent: 1, posterior: linear(...bayes(1, A, S ** 2)) },
    ],
    decoder,
    likelihood,
  });

const shifted = (layer: Layer, shift: number): Layer =>
  asLayer((input) => tf.add(layer.apply(input), tf.tensor1d([shift, 0])));

const residual = (shift = 0.4) =>
  topDownVae({
    levels: [
      { latent: 1, prior, bottomUp: identity, evidence: linear(0.3, shift, 0.2) },
      { latent: 1, bottomUp: identity, evidence: linear(0.2, 0.1, 0.5) },
    ],
    decoder,
    likelihood,
  });

/** ln p(x) of the chain. */
function exact(values: Tensor): number[] {
  const std = Math.sqrt(W ** 2 * priorVariance + V ** 2);
  return tf.tidy(() => [...new Normal(B, std).logProb(tf.squeeze(values, [1])).dataSync()]);
}

describe('on a chain of linear-Gaussian variables', () => {
  test.each([
    ['ladderVae', ladder],
    ['topDownVae, direct', direct],
    ['bottomUpVae', bottomUp],
  ] as const)('%s with the true posterior: every importance weight is the likelihood', (_, make) => {
    tf.tidy(() => {
      const model = make();
      const weights = model.logWeights(x(), Key.of(1), 5).arraySync() as number[][];
      for (const row of weights) expect(row).toBeCloseToArray(exact(x()), { relative: 1e-4 });
    });
  });

  const wrong: [string, () => BaseHierarchicalVae][] = [
    ['ladderVae', () => ladder({}, 0.3)],
    ['topDownVae, residual', () => residual()],
    ['bottomUpVae', () => bottomUp(0.3)],
  ];

  test.each(wrong)('%s with another posterior: ELBO < importance-sampled < exact', (_, make) => {
    tf.tidy(() => {
      const model = make();
      const many = tf.tile(x(), [300, 1]);
      const truth = mean(exact(x()));
      const elbo = meanAndError([...model.elbo(many, Key.of(2)).dataSync()]);
      const weights = model.logWeights(many, Key.of(3), 50);
      const sampled = mean([...tf.sub(tf.logSumExp(weights, 0), Math.log(50)).dataSync()]);
      expect(elbo.mean + 4 * elbo.standardError).toBeLessThan(sampled);
      expect(sampled).toBeLessThan(truth + 0.01);
      expect(truth - sampled).toBeLessThan((truth - elbo.mean) / 5);
    });
  });

  test.each(wrong)('%s: the bound is the expectation of the logarithm of a weight', (_, make) => {
    tf.tidy(() => {
      const model = make();
      const many = tf.tile(x(), [1000, 1]);
      const bound = model.elbo(many, Key.of(4));
      const weight = tf.squeeze(model.logWeights(many, Key.of(5), 1), [0]);
      const { mean: difference, standardError } = meanAndError([...tf.sub(bound, weight).dataSync()]);
      expect(Math.abs(difference)).toBeLessThan(4 * standardError);
    });
  });

  test('the divergence that Eq. 4.82 writes for z1 would make the bound looser', () => {
    tf.tidy(() => {
      const many = tf.tile(x(), [1000, 1]);
      const [{ posterior, prior: above, z, isGiven }] = bottomUp().infer(many, Key.of(6)) as [LatentLevel];
      expect(isGiven).toBe(false);
      const atDraws = tf.sub(posterior.logProb(z), above.logProb(z));
      const { mean: gap, standardError } = meanAndError([
        ...tf.sub(klDivergence(posterior, above), atDraws).dataSync(),
      ]);
      // A Cov[z1, z2 | x] / S^2: what the closed form does not know.
      const [slope] = bayes(1, A, S ** 2);
      const [, , variance] = bayes(priorVariance, W, V ** 2);
      expect(Math.abs(gap - (A * slope * variance) / S ** 2)).toBeLessThan(4 * standardError);
      expect(gap).toBeGreaterThan(4 * standardError);
    });
  });
});

describe('topDownVae', () => {
  test('is Listing 4.12: its divergences are those of the printed code', () => {
    tf.tidy(() => {
      const model = residual();
      const [first, second] = model.infer(x(), Key.of(7));
      const deltaMean = [0.5, -2, 4].map((value) => 0.3 * value + 0.4);
      const { regularizer1, regularizer2 } = model.objectives()[0]!.loss(x(), Key.of(7), { training: true });
      const printed = (mean: number, variance: number, ratio: number) =>
        0.5 * (mean ** 2 / variance + ratio - Math.log(ratio) - 1);
      const expected = deltaMean.map((value) => printed(value, S ** 2, 0.2));
      expect(regularizer1!.dataSync()).toBeCloseToArray([mean(expected)], { relative: 1e-5 });
      const top = [0.5, -2, 4].map((value) => printed(0.2 * value + 0.1, 1, 0.5));
      expect(regularizer2!.dataSync()).toBeCloseToArray([mean(top)], { relative: 1e-5 });
      expect(first!.posterior.mean().dataSync()).toBeCloseToArray(
        [...second!.z.dataSync()].map((z2, i) => A * z2 + deltaMean[i]!),
        { relative: 1e-5 },
      );
    });
  });

  test('keeps the ratio of the variances within e^-7 and e^2', () => {
    tf.tidy(() => {
      const model = topDownVae({
        levels: [{ latent: 2, bottomUp: identity, evidence: () => tf.tensor2d([[0, 0, -20, 20]]) }],
        decoder: (z) => tf.sum(z, 1, true),
        likelihood,
      });
      const variance = model.encode(tf.zeros([1, 1])).sample(Key.of(8), [10_000]);
      const { variance: seen } = tf.moments(variance, 0);
      expect(seen.dataSync()).toBeCloseToArray([Math.exp(-7), Math.exp(2)], { relative: 0.06 });
    });
  });

  test('takes a top prior that is made of its own top posterior', () => {
    tf.tidy(() => {
      const evidence = linear(0.2, 0.1, 0.5);
      const model = topDownVae({
        levels: [
          { latent: 1, prior, bottomUp: identity, evidence: linear(0.3, 0, 0.2) },
          { latent: 1, bottomUp: identity, evidence },
        ],
        decoder,
        likelihood,
        topPrior: (encoder) => ({
          given: () => new Mixture([0, 0, 0], encoder(x())),
          parameters: () => new Map(),
          dispose: () => undefined,
        }),
      });
      // The average of the three posteriors at these draws, by hand.
      const [, top] = model.infer(x(), Key.of(9));
      const z = [...top!.z.dataSync()];
      const densities = z.map((value) =>
        mean(
          [0.5, -2, 4].map(
            (input) =>
              Math.exp(-((value - 0.2 * input - 0.1) ** 2) / (2 * 0.5)) / Math.sqrt(2 * Math.PI * 0.5),
          ),
        ),
      );
      expect(top!.prior.logProb(top!.z).dataSync()).toBeCloseToArray(densities.map(Math.log), {
        relative: 1e-4,
      });
      const { regularizer2 } = model.objectives()[0]!.loss(x(), Key.of(9), { training: false });
      const expected = mean([...tf.sub(top!.posterior.logProb(top!.z), densities.map(Math.log)).dataSync()]);
      expect(regularizer2!.dataSync()).toBeCloseToArray([expected], { relative: 1e-4 });
    });
  });

  test('with dense connections every level and x see all levels above', () => {
    const dense = (inputs: number, outputs: number) => new Dense({ inputs, outputs, key: Key.of(10) });
    const model = topDownVae({
      levels: [
        { latent: 2, prior: dense(3 + 4, 4), bottomUp: dense(1, 8), evidence: dense(8, 4) },
        { latent: 3, prior: dense(4, 6), bottomUp: dense(8, 8), evidence: dense(8, 6) },
        { latent: 4, bottomUp: dense(8, 8), evidence: dense(8, 8) },
      ],
      decoder: dense(2 + 3 + 4, 1),
      likelihood,
      connections: 'dense',
    });
    tf.tidy(() => {
      expect(model.latentShape).toEqual([9]);
      expect(model.logWeights(x(), Key.of(0), 2).shape).toEqual([2, 3]);
      expect(model.infer(x(), Key.of(0)).every(({ isGiven }) => isGiven)).toBe(true);
    });
    model.dispose();
  });
});

describe('a hierarchy of levels', () => {
  test('draws its prior: moments of z1, z2 and x are those of the chain', () => {
    tf.tidy(() => {
      const model = residual();
      const drawn = model.prior().sample(Key.of(11), [10_000]);
      const { mean: means, variance } = tf.moments(drawn, 0);
      expect(Math.max(...[...means.dataSync()].map(Math.abs))).toBeLessThan(4 / Math.sqrt(10_000));
      expect(variance.dataSync()).toBeCloseToArray([priorVariance, 1], { relative: 0.06 });
      const samples = model.sample(Key.of(12), 10_000);
      const ofX = tf.moments(samples);
      expect(ofX.variance.dataSync()).toBeCloseToArray([W ** 2 * priorVariance + V ** 2], {
        relative: 0.06,
      });
    });
  });

  test('its variations share the upper levels, and its reconstructions keep them', () => {
    tf.tidy(() => {
      const model = ladder();
      const spread = (values: Tensor) => tf.moments(values).variance.dataSync()[0]!;
      const of = (shared: number) => spread(model.sampleVariations(Key.of(13), 10_000, { shared }));
      expect([of(0), of(1), of(2)]).toBeCloseToArray(
        [W ** 2 * priorVariance + V ** 2, (W * S) ** 2 + V ** 2, V ** 2],
        { relative: 0.06 },
      );
      const same = tf.fill([10_000, 1], 3);
      const kept = (count: number) => spread(model.reconstruct(same, Key.of(14), { kept: count }));
      const [gain, , remaining] = bayes(1, A * W, (W * S) ** 2 + V ** 2, B);
      expect(gain).toBeGreaterThan(0);
      expect(kept(1)).toBeCloseToArray([W ** 2 * (A ** 2 * remaining + S ** 2) + V ** 2], {
        relative: 0.06,
      });
      expect(kept(2)).toBeLessThan(kept(1));
      expect(() => model.reconstruct(same, Key.of(14), { kept: 3 })).toThrow(
        'a number of levels, 0 to 2, got 3',
      );
    });
  });

  test('its weights anneal level by level, and free nats hold in training alone', () => {
    tf.tidy(() => {
      const loss = (objective: HierarchicalObjective, training = true, step = 1) => {
        const terms = ladder(objective)
          .objectives()[0]!
          .loss(x(), Key.of(15), {
            training,
            ...(training ? { step: tf.scalar(step) } : {}),
          });
        const value = (name: string) => terms[name]!.dataSync()[0]!;
        const [total, misfit] = [value('total'), value('reconstruction')];
        return { price: total - misfit, levels: [value('regularizer1'), value('regularizer2')] as const };
      };
      const {
        levels: [first, second],
      } = loss({});
      expect(loss({ weight: 2 }).price).toBeCloseTo(2 * (first + second), 4);
      const annealed = { weight: [1, linearAnnealing({ steps: 10 })] };
      expect(loss(annealed).price).toBeCloseTo(first, 4);
      expect(loss(annealed, true, 6).price).toBeCloseTo(first + second / 2, 4);
      expect(loss(annealed, false).price).toBeCloseTo(first + second, 4);
      const nats = Math.max(first, second) + 1;
      expect(loss({ freeNats: nats }).price).toBeCloseTo(2 * nats, 4);
      expect(loss({ freeNats: nats }, false).price).toBeCloseTo(first + second, 4);
    });
  });

  test('goes through the one evaluator: the bound, and a tighter estimate', async () => {
    const model = residual();
    const examples = { count: 3, shape: [1], values: Float32Array.of(0.5, -2, 4) };
    const bound = await evaluate(model, examples, { key: Key.of(16), numSamples: 200 });
    const sampled = await evaluate(model, examples, { key: Key.of(17), importanceSamples: 2000 });
    expect(bound.nats).toBeGreaterThan(sampled.nats);
    expect(Math.abs(sampled.nats + mean(exact(x())))).toBeLessThan(4 * sampled.standardError + 0.002);
  });

  test('tells its networks whether they are in training, and gives each a key of its own', () => {
    tf.tidy(() => {
      const calls: CallOptions[] = [];
      const watched = (layer: Layer) => (input: Tensor, call: CallOptions) => {
        calls.push(call);
        return layer.apply(input);
      };
      const model = topDownVae({
        levels: [
          {
            latent: 1,
            prior: watched(prior),
            bottomUp: watched(identity),
            evidence: watched(linear(0.3, 0, 0.2)),
          },
          { latent: 1, bottomUp: watched(identity), evidence: watched(linear(0.2, 0.1, 0.5)) },
        ],
        decoder: watched(decoder),
        likelihood,
      });
      model.objectives()[0]!.loss(x(), Key.of(18), { training: true });
      expect(calls.every(({ training }) => training)).toBe(true);
      // The prior's network serves the posterior, too: with one key, so that dropout hides the same of both.
      expect(calls).toHaveLength(7);
      const keys = calls.map(({ key }) => String(key!.uniform([1]).dataSync()[0]));
      expect(new Set(keys).size).toBe(6);
      model.elbo(x(), Key.of(18));
      expect(calls.slice(7).some(({ training, key }) => training === true || key !== undefined)).toBe(false);
    });
  });

  test('says what is wrong with its levels', () => {
    const parts = { decoder, likelihood };
    const top = { latent: 1, bottomUp: identity, evidence: identity };
    expect(() => topDownVae({ ...parts, levels: [] })).toThrow('got none');
    expect(() => topDownVae({ ...parts, levels: [top, top] })).toThrow(
      'got prior networks at levels none of 2',
    );
    expect(() => topDownVae({ ...parts, levels: [{ ...top, prior }], objective: { weight: 1 } })).toThrow(
      'got prior networks at levels 1 of 1',
    );
    expect(() => ladderVae({ ...parts, levels: [top], objective: { weight: [1, 1] } })).toThrow(
      'one for each of the 1 levels, got 2 weights',
    );
    expect(() =>
      tf.tidy(() =>
        topDownVae({ ...parts, levels: [top] })
          .encode(x())
          .sample(Key.of(0)),
      ),
    ).toThrow('expected levels[0].evidence to put out 2 numbers');
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
