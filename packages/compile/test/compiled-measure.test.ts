import { adam, eager, evaluate, fit, Key } from '@dgm/core';
import type { Engine, GenerativeModel, LossOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { posteriorModels } from '../../vae/test/posteriors.cases';
import { compiled } from '../src/index';

/** An engine that counts the calls of its measures. */
function counting(engine: Engine): { readonly engine: Engine; readonly calls: () => number } {
  let calls = 0;
  return {
    calls: () => calls,
    engine: {
      ...engine,
      prepareFunction: async (measure) => {
        const prepared = await engine.prepareFunction(measure);
        return {
          run: (batch, key) => {
            calls += 1;
            return prepared.run(batch, key);
          },
          dispose: () => prepared.dispose(),
        };
      },
    },
  };
}

/** Learns the mean of its examples; `reads` has the validation loss look at a value, as adaptive solvers do. */
function meanModel({ reads }: { readonly reads: boolean }): GenerativeModel & { readonly mean: Variable } {
  const mean = tf.tidy(() => tf.variable(tf.zeros([2])));
  return {
    mean,
    name: 'mean',
    eventShape: [2],
    likelihoodKind: 'none',
    parameters: () => new Map([['mean', mean]]),
    objectives: () => [
      {
        name: 'mean',
        parameters: [mean],
        validated: true,
        loss: (batch: Tensor, key: Key, { training }: LossOptions) => {
          const error = tf.add(
            tf.mean<Scalar>(tf.square(tf.sub(batch, mean))),
            tf.mul(0.01, tf.mean<Scalar>(key.normal([3]))),
          );
          if (reads && !training) error.dataSync();
          return { total: error };
        },
      },
    ],
    dispose: () => mean.dispose(),
  } as unknown as GenerativeModel & { readonly mean: Variable };
}

const examples = (count: number, seed: number) => ({
  count,
  shape: [2],
  values: Key.of(seed).normal([count, 2]).dataSync() as Float32Array,
});

const options = { key: Key.of(0), optimizer: adam({ learningRate: 0.1 }), batchSize: 8, epochs: 3 };
const data = { train: examples(20, 1), validation: examples(11, 2) };

describe('a compiled measure', () => {
  test('follows the variables, shapes and keys of its calls', async () => {
    const weights = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    const measure = ({ x }: { readonly x: Tensor }, key: Key): Tensor =>
      tf.add(tf.sum(tf.mul(x, weights), -1), key.fold('noise').normal([x.shape[0]!]));
    const [ours, reference] = [
      await compiled().prepareFunction(measure),
      await eager().prepareFunction(measure),
    ];
    const batches = [tf.tensor2d([[1, 1], [2, 0]]), tf.tensor2d([[3, 4]])]; // prettier-ignore
    for (const [index, x] of [...batches, ...batches].entries()) {
      weights.assign(tf.tensor1d([index, 1 - index]));
      const expected = await reference.run({ x }, Key.of(index));
      expect(await ours.run({ x }, Key.of(index))).toEqual(expected);
    }
    ours.dispose();
    tf.dispose([weights, ...batches]);
  });

  test('is what fit validates with', async () => {
    const { engine, calls } = counting(compiled());
    const [ours, reference] = [meanModel({ reads: false }), meanModel({ reads: false })];
    const result = await fit(ours, data, { ...options, engine });
    const expected = await fit(reference, data, options);
    // Two batches of 11 rows after each of three epochs.
    expect(calls()).toBe(6);
    result.curve.forEach(({ validation }, index) =>
      expect(validation).toBeCloseTo(expected.curve[index]!.validation!, 5),
    );
    tf.dispose([ours.mean, reference.mean]);
  });

  test('gives way to an eager one where the loss reads a value, and fit says so', async () => {
    const [ours, reference] = [meanModel({ reads: true }), meanModel({ reads: true })];
    const heard: string[] = [];
    const result = await fit(ours, data, {
      ...options,
      engine: compiled(),
      callbacks: [{ onWarning: (warning) => void heard.push(warning) }],
    });
    const expected = await fit(reference, data, options);
    expect(result.warnings).toEqual([expect.stringMatching(/^Validation runs eagerly\. /)]);
    expect(heard).toEqual(result.warnings);
    expect(result.curve.at(-1)!.validation).toBeCloseTo(expected.curve.at(-1)!.validation!, 5);
    tf.dispose([ours.mean, reference.mean]);
  });

  // Batches of 5, 5 and 2 rows; with at most 12 rows to a call, importance sampling takes 2, 2 and 1 draws, then all 5.
  test.each([
    [24, {}],
    [9, { numSamples: 3 }],
    [7, { importanceSamples: 5, maxRows: 12 }],
  ] as const)('is what evaluate measures with, in %i calls for %o', async (expectedCalls, protocol) => {
    const model = posteriorModels['vae (full covariance)']!().make(Key.of(3));
    const values = Key.of(3).bernoulli([12, 8], 0.5).dataSync() as Float32Array;
    const rows = { count: 12, shape: [8], values };
    const { engine, calls } = counting(compiled());
    const ours = await evaluate(model, rows, { key: Key.of(4), batchSize: 5, ...protocol, engine });
    const expected = await evaluate(model, rows, { key: Key.of(4), batchSize: 5, ...protocol });
    expect(calls()).toBe(expectedCalls);
    expect(ours.nats).toBeCloseTo(expected.nats, 5);
    expect(ours).toMatchObject({ kind: expected.kind, numSamples: expected.numSamples, count: 12 });
    model.dispose();
  });
});
