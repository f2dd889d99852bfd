import { adam, BaseLayer, categoricalHead, Dense, DgmError, evaluate, fit, Key, mlp } from '@dgm/core';
import { everyEvent, expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ddgm } from '../src/index';
import type { Ddgm, DdgmOptions } from '../src/index';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];

/** $z \mapsto (a z, \ln s^2)$ for one entry: a linear Gaussian step of the way back. */
class LinearStep extends BaseLayer {
  constructor(
    readonly factor: number,
    readonly std: number,
  ) {
    super();
  }

  protected forward(z: Tensor): Tensor {
    return tf.concat([tf.mul(this.factor, z), tf.fill(z.shape, 2 * Math.log(this.std))], 1);
  }
}

class Linear extends BaseLayer {
  constructor(readonly factor: number) {
    super();
  }

  protected forward(z: Tensor): Tensor {
    return tf.mul(this.factor, z);
  }
}

describe('a linear Gaussian model', () => {
  const model = ddgm({
    ...{ shape: [1], betas: [0.2, 0.4, 0.7] },
    reverse: [new LinearStep(0.8, 0.7), new LinearStep(0.6, 0.9)],
    decoder: new Linear(1.5),
  });
  const variance = 1.5 ** 2 * (0.8 ** 2 * (0.6 ** 2 + 0.9 ** 2) + 0.7 ** 2) + 1;
  const truth = (x: number): number => -0.5 * (Math.log(2 * Math.PI * variance) + x ** 2 / variance);

  it('has its log-density by importance sampling, and a bound below', async () => {
    const x = [-1.3, 0.2, 2.4];
    const examples = { count: 3, shape: [1], values: Float32Array.from(x) };
    const expected = -x.reduce((sum, each) => sum + truth(each) / 3, 0);
    const sampled = await evaluate(model, examples, { key, importanceSamples: 1000 });
    expect(Math.abs(sampled.nats - expected)).toBeLessThan(STANDARD_ERRORS * sampled.standardError + 1e-3);
    const bound = await evaluate(model, examples, { key, numSamples: 40 });
    expect(bound.nats).toBeGreaterThan(expected);
  });

  it('draws with its variance', () => {
    tf.tidy(() => {
      const draws = meanAndError(values(tf.square(model.sample(key, 4000))));
      expect(Math.abs(draws.mean - variance)).toBeLessThan(STANDARD_ERRORS * draws.standardError);
    });
  });

  it('the divergences of Eq. 4.102 add up to the direct estimate of Eq. 4.91', () => {
    tf.tidy(() => {
      const rows = tf.fill([4000, 1], 1.2);
      const byTerms = meanAndError(values(model.elbo(rows, key)));
      const direct = meanAndError(values(model.logWeights(rows, Key.of(1), 1)));
      const error = Math.hypot(byTerms.standardError, direct.standardError);
      expect(Math.abs(byTerms.mean - direct.mean)).toBeLessThan(STANDARD_ERRORS * error);
      // The closed forms leave less to chance.
      expect(byTerms.standardError).toBeLessThan(direct.standardError);
    });
  });
});

it('diffuse is q(z_T | x): Eq. 4.98', () => {
  tf.tidy(() => {
    const model = ddgm({ ...small(), betas: [0.2, 0.5], reverse: [new LinearStep(1, 1)] });
    const kept = 0.8 * 0.5;
    const z = values(model.diffuse(tf.fill([4000, 1], 2), key));
    const mean = meanAndError(z);
    expect(Math.abs(mean.mean - 2 * Math.sqrt(kept))).toBeLessThan(STANDARD_ERRORS * mean.standardError);
    const spread = meanAndError(z.map((each) => (each - 2 * Math.sqrt(kept)) ** 2));
    expect(Math.abs(spread.mean - (1 - kept))).toBeLessThan(STANDARD_ERRORS * spread.standardError);
  });
});

it('a trained model of integers gives all events together all probability', async () => {
  const model = ddgm({
    ...{ shape: [2], betas: [0.1, 0.6], likelihood: categoricalHead({ shape: [2], levels: 3 }) },
    reverse: [mlp([2, 16, 4], { key: key.fold(0) })],
    decoder: mlp([2, 16, 6], { key: key.fold(1) }),
  });
  const generator = key.generator();
  const rows = Array.from({ length: 200 }, () => {
    const first = generator.below(3);
    return [first, generator.below(10) === 0 ? generator.below(3) : first];
  });
  const train = { count: 200, shape: [2], values: Int32Array.from(rows.flat()) };
  await fit(model, { train }, { key, optimizer: adam({ learningRate: 1e-2 }), batchSize: 50, epochs: 20 });
  tf.tidy(() => {
    const events = tf.tensor2d(everyEvent([0, 1, 2], 2) as number[][]);
    const weights = tf.exp(model.logWeights(events, key, 1000));
    const { mean, standardError } = meanAndError(values(tf.sum(weights, 1)));
    expect(Math.abs(mean - 1)).toBeLessThan(STANDARD_ERRORS * standardError);
    expect(standardError).toBeLessThan(0.05);
  });
  model.dispose();
});

function small(): DdgmOptions {
  return { shape: [1], betas: [0.5], reverse: [], decoder: new Linear(1) };
}

it.each<[string, () => Ddgm]>([
  ['a rate of 1', () => ddgm({ ...small(), betas: [1] })],
  ['no rate', () => ddgm({ ...small(), betas: [] })],
  ['a network too many', () => ddgm({ ...small(), reverse: [new LinearStep(1, 1)] })],
  ['no decoder', () => ddgm({ shape: [1], betas: [0.5], reverse: [] } as never)],
  ['a misspelt option', () => ddgm({ ...small(), beta: 0.5 } as never)],
])('%s is refused', (_, make) => {
  expectNoLeaks(() => expect(make).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument'))));
});

it('a network whose output has the wrong size is refused where it is called, and nothing is left', () => {
  const model = ddgm({
    ...{ shape: [2], betas: [0.5, 0.5], reverse: [new Dense({ inputs: 2, outputs: 3, key })] },
    decoder: new Dense({ inputs: 2, outputs: 2, key }),
  });
  const x = tf.zeros([3, 2]);
  expectNoLeaks(() =>
    expect(() => model.elbo(x, key)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'shape'))),
  );
  x.dispose();
  model.dispose();
});
