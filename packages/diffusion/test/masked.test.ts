import { compileSampler } from '@dgm/compile';
import { adam, BaseLayer, DgmError, fit, Key, runSamplingLoop } from '@dgm/core';
import { everyEvent, expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { maskedDiffusion, maskedEntries, mlpDenoiser } from '../src/index';
import type { MaskedDiffusion } from '../src/index';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];

/** The right conditionals of two bits that are equal with probability 0.9, each even on its own. */
class PairDenoiser extends BaseLayer {
  protected forward(x: Tensor): Tensor {
    const other = tf.reverse(x, 1);
    const isOne = tf.where(tf.greaterEqual(other, 2), tf.fill(x.shape, 0.5), tf.add(0.1, tf.mul(0.8, other)));
    return tf.stack([tf.log(tf.sub(1, isOne)), tf.log(isOne)], -1);
  }
}
const pair = (): MaskedDiffusion => maskedDiffusion({ shape: [2], levels: 2, network: new PairDenoiser() });
const small = (contextSize = 0): MaskedDiffusion =>
  maskedDiffusion({
    ...{ shape: [2, 2], levels: 3, contextSize },
    network: mlpDenoiser({
      ...{ shape: [2, 2], outputs: 3, entries: maskedEntries({ levels: 3 }), features: 8, blocks: 1 },
      ...{ contextSize, key: Key.of(1) },
    }),
  });

it('the bound of right conditionals is the log-likelihood on average, and each draw is one of two cases', () => {
  tf.tidy(() => {
    const model = pair();
    const draws = values(model.elbo(tf.tile(tf.tensor2d([[1, 1]]), [4000, 1]), key));
    // One masked: 2 ln 0.9, both: 2 ln 0.5.
    const cases = [2 * Math.log(0.9), 2 * Math.log(0.5)];
    draws.forEach((draw) =>
      expect(Math.min(...cases.map((each) => Math.abs(each - draw)))).toBeLessThan(1e-5),
    );
    const { mean, standardError } = meanAndError(draws);
    const truth = Math.log(0.5) + Math.log(0.9);
    expect(Math.abs(mean - truth)).toBeLessThan(STANDARD_ERRORS * standardError + 1e-4);
  });
});

it('one entry per step draws the joint distribution, all at once only the marginals', () => {
  tf.tidy(() => {
    const model = pair();
    const equal = (steps: number): { mean: number; standardError: number } => {
      const [a, b] = tf.split(model.sample(key, 2000, { steps }), 2, 1) as [Tensor, Tensor];
      return meanAndError(values(tf.cast(tf.equal(a, b), 'float32')));
    };
    const [two, one] = [equal(2), equal(1)];
    expect(Math.abs(two.mean - 0.9)).toBeLessThan(STANDARD_ERRORS * two.standardError);
    expect(Math.abs(one.mean - 0.5)).toBeLessThan(STANDARD_ERRORS * one.standardError);
  });
});

it('given entries stay, and the others are drawn given them', () => {
  tf.tidy(() => {
    const given = { values: tf.tile(tf.tensor2d([[1, 0]]), [1000, 1]), known: [true, false] };
    const x = pair().sample(key, 1000, { given });
    const [first, second] = tf.split(x, 2, 1) as [Tensor, Tensor];
    expect(Math.min(...values(first))).toBe(1);
    const { mean, standardError } = meanAndError(values(second));
    expect(Math.abs(mean - 0.9)).toBeLessThan(STANDARD_ERRORS * standardError);
  });
});

it('a trained model gives all events together at most all probability', async () => {
  const model = maskedDiffusion({
    ...{ shape: [2], levels: 3 },
    network: mlpDenoiser({
      ...{ shape: [2], outputs: 3, entries: maskedEntries({ levels: 3 }), features: 16, blocks: 1, key },
    }),
  });
  const generator = key.generator();
  const rows = Array.from({ length: 200 }, () => {
    const first = generator.below(3);
    return [first, generator.below(10) === 0 ? generator.below(3) : first];
  });
  const train = { count: 200, shape: [2], values: Int32Array.from(rows.flat()) };
  await fit(model, { train }, { key, optimizer: adam({ learningRate: 1e-2 }), batchSize: 50, epochs: 15 });
  const events = everyEvent([0, 1, 2], 2) as number[][];
  const total = tf.tidy(() => {
    const often = events.flatMap((event) => Array.from({ length: 100 }, () => event));
    const bounds = tf.mean(tf.reshape(model.elbo(tf.tensor2d(often), key), [9, 100]), 1);
    return values(bounds).reduce((sum, bound) => sum + Math.exp(bound), 0);
  });
  expect(total).toBeLessThan(1.02);
  expect(total).toBeGreaterThan(0.85);
  model.dispose();
});

it('draws the same compiled, and with guidance', async () => {
  const model = small(2);
  const context = tf.tensor2d([[1, 0], [0, 1], [0, 0]]); // prettier-ignore
  const loop = model.samplingLoop(3, { context, guidance: 2, temperature: 0.8, steps: 3 });
  const compiled = await compileSampler(loop);
  const [eager, other] = [runSamplingLoop(loop, key), await compiled.sample(key)];
  expect(values(other)).toEqual(values(eager));
  compiled.dispose();
  tf.dispose([eager, other, context]);
  model.dispose();
});

it('refuses wrong options, and leaves nothing behind', () => {
  const model = small();
  const wrong = [
    () => model.sample(key, 1, { steps: 5 }),
    () => model.sample(key, 1, { temperature: 0 }),
    () => model.sample(key, 1, { step: 2 } as never),
    () => maskedDiffusion({ shape: [2], levels: 1, network: new PairDenoiser() }),
    () => maskedDiffusion({ shape: [2], levels: 2 } as never),
  ];
  for (const run of wrong)
    expectNoLeaks(() => expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument'))));
  expectNoLeaks(() => model.sample(key, 0).dispose());
  model.dispose();
});
