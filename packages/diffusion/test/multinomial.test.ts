import { compileSampler } from '@dgm/compile';
import { adam, asLayer, DgmError, fit, Key, runSamplingLoop } from '@dgm/core';
import type { Layer } from '@dgm/core';
import { everyEvent, expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { mlpDenoiser, multinomialDiffusion, oneHotEntries } from '../src/index';
import type { MultinomialDiffusion } from '../src/index';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const PROBS = [0.5, 0.3, 0.2];

/** The best network for one entry: the logarithms of its probabilities, whatever is seen. */
const marginal = (): Layer =>
  asLayer((x) => tf.add(tf.log(tf.tensor1d(PROBS)), tf.zeros([...x.shape, PROBS.length])));

describe.each([1, 2, 10])('the best network for one entry, T = %i', (steps) => {
  const model = multinomialDiffusion({ shape: [1], levels: 3, network: marginal(), steps });

  it('has the log-likelihood as its bound', () => {
    tf.tidy(() => {
      for (const [value, prob] of PROBS.entries()) {
        const bounds = meanAndError(values(model.elbo(tf.fill([2000, 1], value), key)));
        expect(Math.abs(bounds.mean - Math.log(prob))).toBeLessThan(
          STANDARD_ERRORS * bounds.standardError + 1e-4,
        );
      }
    });
  });

  it('draws the values with their probabilities', () => {
    tf.tidy(() => {
      const draws = values(model.sample(key, 2000));
      for (const [value, prob] of PROBS.entries()) {
        const share = meanAndError(draws.map((each) => Number(each === value)));
        expect(Math.abs(share.mean - prob)).toBeLessThan(STANDARD_ERRORS * share.standardError);
      }
    });
  });
});

const small = (contextSize = 0): MultinomialDiffusion =>
  multinomialDiffusion({
    ...{ shape: [2], levels: 3, steps: 8, contextSize },
    network: mlpDenoiser({
      ...{ shape: [2], outputs: 3, entries: oneHotEntries({ levels: 3 }), features: 16, blocks: 1 },
      ...{ contextSize, key: Key.of(1) },
    }),
  });

it('a trained model gives all events together at most all probability', async () => {
  const model = small();
  const generator = key.generator();
  const rows = Array.from({ length: 200 }, () => {
    const first = generator.below(3);
    return [first, generator.below(10) === 0 ? generator.below(3) : first];
  });
  const train = { count: 200, shape: [2], values: Int32Array.from(rows.flat()) };
  await fit(model, { train }, { key, optimizer: adam({ learningRate: 1e-2 }), batchSize: 50, epochs: 15 });
  tf.tidy(() => {
    const often = (everyEvent([0, 1, 2], 2) as number[][]).flatMap((event) =>
      Array.from({ length: 200 }, () => event),
    );
    const bounds = tf.mean(tf.reshape(model.elbo(tf.tensor2d(often), key), [9, 200]), 1);
    const total = values(bounds).reduce((sum, bound) => sum + Math.exp(bound), 0);
    expect(total).toBeLessThan(1.03);
    expect(total).toBeGreaterThan(0.6);
  });
  model.dispose();
});

it('draws the same compiled, and with guidance', async () => {
  const model = small(2);
  const context = tf.tensor2d([[1, 0], [0, 1], [0, 0]]); // prettier-ignore
  const loop = model.samplingLoop(3, { context, guidance: 2 });
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
    () => model.sample(key, -1),
    () => model.sample(key, 1, { guidance: Number.NaN }),
    () => model.sample(key, 1, { steps: 2 } as never),
    () => multinomialDiffusion({ shape: [2], levels: 1, network: marginal() }),
    () => multinomialDiffusion({ shape: [2], levels: 3, network: marginal(), steps: 0 }),
    () => multinomialDiffusion({ shape: [2], levels: 2 } as never),
  ];
  for (const run of wrong)
    expectNoLeaks(() => expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument'))));
  expectNoLeaks(() => model.sample(key, 0).dispose());
  model.dispose();
});
