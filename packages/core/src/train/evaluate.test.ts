import { DgmError, Key, adamax, evaluate, fit, type Evaluation } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { FactorizedCategorical, TinyVae, countExamples, gaussianExamples } from '../../test/support/models';

const key = Key.of(5);
const examples = gaussianExamples(key.fold('test'), 40);

/** The spread of a number over repetitions, and its mean. */
function statistics(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (values.length - 1)) };
}

describe('evaluate', () => {
  let model: TinyVae;
  let exact: number;
  const repeat = (n: number, more: object): Promise<Evaluation[]> =>
    Promise.all(key.split(n).map((one) => evaluate(model, examples, { key: one, ...more })));

  beforeAll(async () => {
    model = new TinyVae({ dims: 3, key: key.fold('model') });
    const train = gaussianExamples(key.fold('train'), 200);
    await fit(
      model,
      { train },
      { key, optimizer: adamax({ learningRate: 3e-2 }), batchSize: 100, epochs: 60 },
    );
    const rows = Array.from(
      { length: 40 },
      (_, row) => examples.values.slice(row * 3, row * 3 + 3) as Float32Array,
    );
    exact = -rows.reduce((sum, row) => sum + model.exactLogProb(row), 0) / 40;
  });

  it('gives the exact likelihood of an exact model', async () => {
    const counts = countExamples(key, 30);
    const categorical = new FactorizedCategorical({ dims: 4, levels: 5, key });
    const result = await evaluate(categorical, counts, { key, batchSize: 7, levels: 5 });
    const logits = categorical.parameters().get('logits')!;
    const logProbs = tf.logSoftmax(logits).arraySync() as number[][];
    const nats =
      -[...counts.values].reduce((sum, value, index) => sum + logProbs[index % 4]![value]!, 0) / 30;
    expect(result.nats).toBeCloseTo(nats, 5);
    expect(result.bitsPerDim).toBeCloseTo(nats / 4 / Math.LN2, 5);
    expect(result).toMatchObject({ kind: 'exact', standardError: 0, numSamples: 0, count: 30 });
  });

  it('bounds the exact likelihood, with an honest standard error', async () => {
    const runs = await repeat(40, { numSamples: 6, batchSize: 16 });
    expect(runs[0]).toMatchObject({ kind: 'lower-bound', numSamples: 6, count: 40 });
    const { mean, std } = statistics(runs.map(({ nats }) => nats));
    expect(mean).toBeGreaterThan(exact);
    // A sample standard deviation of 40 runs has a relative standard error of 0.113.
    const claimed = statistics(runs.map(({ standardError }) => standardError)).mean;
    expect(Math.abs(std / claimed - 1)).toBeLessThan(4 * 0.113);
  });

  it('says too much rather than too little about the noise of a single draw', async () => {
    const [one] = await repeat(1, { numSamples: 1 });
    const [many] = await repeat(1, { numSamples: 50 });
    expect(one!.standardError).toBeGreaterThan(many!.standardError * Math.sqrt(50));
  });

  it('reaches the exact likelihood by importance sampling, with an honest standard error', async () => {
    const runs = await repeat(40, { importanceSamples: 400, maxRows: 1000 });
    expect(runs[0]).toMatchObject({ kind: 'importance-sampled', numSamples: 400 });
    const { mean, std } = statistics(runs.map(({ nats }) => nats));
    const claimed = statistics(runs.map(({ standardError }) => standardError)).mean;
    expect(Math.abs(std / claimed - 1)).toBeLessThan(4 * 0.113);
    // The logarithm of a mean is low by half of its relative variance; nats are high by that: n se² / 2 on average.
    const bias = (claimed ** 2 * 40) / 2;
    expect(Math.abs(mean - bias - exact)).toBeLessThan((4 * std) / Math.sqrt(40));
  });

  it('is the same for the same key and leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const [a, b, c] = await Promise.all(
      [0, 0, 1].map((seed) => evaluate(model, examples, { key: Key.of(seed) })),
    );
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
    await evaluate(model, examples, { key, importanceSamples: 10 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [{ numSamples: 0 }, 'argument', 'numSamples'],
    [{ importanceSamples: 1 }, 'argument', 'importanceSamples'],
    [{ levels: 3 }, 'domain', 'examples'],
  ])('refuses %o', async (more, code, argument) => {
    const error: unknown = await evaluate(model, examples, { key, ...more }).catch(
      (thrown: unknown) => thrown,
    );
    expect(DgmError.is(error) && error).toMatchObject({ code, argument });
  });

  it('refuses models without a likelihood, and importance sampling of exact ones', async () => {
    const none = { ...model, likelihoodKind: 'none', eventShape: [3] } as unknown as TinyVae;
    await expect(evaluate(none, examples, { key })).rejects.toMatchObject({ code: 'unsupported' });
    const categorical = new FactorizedCategorical({ dims: 4, levels: 5, key });
    const counts = countExamples(key, 3);
    await expect(evaluate(categorical, counts, { key, importanceSamples: 5 })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  it('names the row whose likelihood is not finite', async () => {
    const broken = new FactorizedCategorical({ dims: 4, levels: 5, key });
    const spoilt = Object.assign(broken, {
      logProb: (x: Tensor) =>
        tf.tidy(() => tf.log(tf.sub(tf.sum(x, 1), tf.sum(tf.slice(x, [2, 0], [1, 4]))))),
    });
    const values = Uint8Array.from([4, 4, 4, 4, 3, 4, 4, 4, 0, 0, 0, 1]);
    const set = { count: 3, shape: [4], values };
    await expect(evaluate(spoilt, set, { key })).rejects.toMatchObject({
      code: 'numerical',
      argument: 'log-likelihood of row 2',
    });
  });
});
