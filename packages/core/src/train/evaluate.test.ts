import {
  BaseModule,
  DgmError,
  Key,
  adamax,
  evaluate,
  fit,
  gatherExamples,
  type ConditionedBatch,
  type Evaluation,
  type Examples,
  type LikelihoodModel,
  type Objective,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { FactorizedCategorical, TinyVae, countExamples, gaussianExamples } from '../../test/support/models';
import { TinyEnergy } from '../../test/support/players';
import { allRows } from './examples';

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

/** $N(c, I)$ given a condition $c$; its condition is part of what is evaluated. */
class Shifted extends BaseModule implements LikelihoodModel<ConditionedBatch, ConditionedBatch> {
  readonly likelihoodKind = 'exact';
  readonly eventShape = [3];
  readonly shift = this.parameter('shift', tf.zeros([3]));

  logProb({ x, context }: ConditionedBatch): Tensor {
    return tf.tidy(() => {
      const squares = tf.sum(tf.square(tf.sub(tf.sub(x, context), this.shift)), 1);
      return tf.sub(tf.mul(squares, -0.5), 1.5 * Math.log(2 * Math.PI));
    });
  }

  sample(_key: Key, n: number): Tensor {
    return tf.zeros([n, 3]);
  }

  objectives(): readonly Objective<ConditionedBatch>[] {
    const loss = (batch: ConditionedBatch) => ({
      total: tf.tidy(() => tf.neg(tf.mean<Scalar>(this.logProb(batch)))),
    });
    return [{ name: 'nll', parameters: [this.shift], loss }];
  }
}

/** Examples whose condition is what they are. */
const selfConditioned = (set: Examples, rows: Int32Array): ConditionedBatch => {
  const x = gatherExamples(set, rows);
  return { x, context: tf.clone(x) };
};

describe('evaluate with a batch maker', () => {
  it('evaluates a conditional model, also where the maker is asynchronous', async () => {
    const model = new Shifted();
    const before = tf.memory().numTensors;
    const batch = selfConditioned;
    const { nats, bitsPerDim } = await evaluate(model, examples, { key, batch });
    expect(nats).toBeCloseTo(1.5 * Math.log(2 * Math.PI), 5);
    expect(bitsPerDim).toBeCloseTo(0.5 * Math.log2(2 * Math.PI), 5);
    const late = (...args: Parameters<typeof batch>) => Promise.resolve(batch(...args));
    expect((await evaluate(model, examples, { key, batch: late })).nats).toBe(nats);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it('makes the batch with randomness of its own, and without training', async () => {
    const model = new Shifted();
    const seen: string[] = [];
    await evaluate(model, examples, {
      key,
      batchSize: 20,
      batch: (set, rows, { key: own, training }) => {
        seen.push(`${own.toJSON()} ${training}`);
        return selfConditioned(set, rows);
      },
    });
    expect(new Set(seen).size).toBe(2);
    expect(seen.every((line) => line.endsWith(' false'))).toBe(true);
    model.dispose();
  });
});

describe('evaluate with a wanted standard error', () => {
  const model = new TinyVae({ dims: 3, key: key.fold('model') });

  it('takes as many draws as that takes, those that a single pass would take', async () => {
    const first = await evaluate(model, examples, { key });
    const target = first.standardError / 3;
    const result = await evaluate(model, examples, { key, standardError: target });
    expect(result.standardError).toBeLessThanOrEqual(target);
    expect(result.numSamples).toBeGreaterThan(4 * first.numSamples);
    expect(await evaluate(model, examples, { key, numSamples: result.numSamples })).toEqual(result);
  });

  it.each([[{}], [{ importanceSamples: 4 }]])('stops at maxSamples (%o)', async (more) => {
    const options = { key, ...more, standardError: 1e-6, maxSamples: 20 };
    expect((await evaluate(model, examples, options)).numSamples).toBe(20);
  });

  it('takes the draws that it already has where they are enough', async () => {
    expect((await evaluate(model, examples, { key, standardError: 1e3 })).numSamples).toBe(8);
  });
});

describe('what evaluate says of its number', () => {
  const counts = countExamples(key, 20);
  const categorical = (more: object = {}) =>
    Object.assign(new FactorizedCategorical({ dims: 4, levels: 5, key }), more);

  it('tells the probability of discrete data from a density, and says when it is dequantized', async () => {
    const measureOf = async (model: FactorizedCategorical) =>
      (await evaluate(model, counts, { key })).measure;
    expect(await measureOf(categorical())).toBe('density');
    expect(await measureOf(categorical({ levels: 5 }))).toBe('probability');
    expect(await measureOf(categorical({ levels: Infinity }))).toBe('probability');
    expect(await measureOf(categorical({ levels: 5, isDequantized: true }))).toBe('dequantized');
  });

  it('refuses data that are not among the levels of the model', async () => {
    await expect(evaluate(categorical({ levels: 4 }), counts, { key })).rejects.toThrow(
      /integers from 0 to 3, got 4 in row/,
    );
    const halves = { ...counts, values: Float32Array.from(counts.values, (value) => value / 2) };
    await expect(evaluate(categorical({ levels: Infinity }), halves, { key })).rejects.toThrow(
      /expected examples to be integers, got/,
    );
  });

  it('refuses a probability above 1', async () => {
    const model = categorical({ levels: 5, logProb: (x: Tensor) => tf.fill([x.shape[0]!], 0.01) });
    await expect(evaluate(model, counts, { key })).rejects.toMatchObject({
      code: 'numerical',
      argument: 'nats of discrete data',
    });
  });

  it('averages an exact likelihood that is a random estimate over draws', async () => {
    const model = categorical({ logProb: (x: Tensor, own: Key) => own.normal([x.shape[0]!]) });
    const { kind, standardError, numSamples } = await evaluate(model, counts, { key, numSamples: 16 });
    expect({ kind, numSamples }).toEqual({ kind: 'exact', numSamples: 16 });
    expect(standardError).toBeCloseTo(1 / Math.sqrt(16 * 20), 2);
  });

  it('adds the logarithm of the normalizer to an energy, with its interval', async () => {
    const model = new TinyEnergy(key);
    await expect(evaluate(model, examples, { key })).rejects.toThrow(/expected model to have partition/);
    const energies = tf.tidy(
      () => tf.mean(model.energy(gatherExamples(examples, allRows(40)))).dataSync()[0]!,
    );
    const partition = {
      kind: 'estimate',
      logPartition: 2,
      standardError: 0.1,
      interval: [1.8, 2.3],
    } as const;
    const result = await evaluate(model, examples, { key, partition });
    expect(result).toMatchObject({ kind: 'estimate', standardError: 0.1, numSamples: 0 });
    expect(result.nats).toBeCloseTo(energies + 2, 5);
    expect(result.interval!.map((end) => end - result.nats)).toEqual([
      expect.closeTo(-0.2, 6),
      expect.closeTo(0.3, 6),
    ]);
    const exact = { kind: 'exact', logPartition: 2, standardError: 0, interval: [2, 2] } as const;
    const own = Object.assign(model, { partition: () => Promise.resolve(exact) });
    const known = await evaluate(own, examples, { key });
    expect(known).toMatchObject({ kind: 'exact', nats: result.nats, standardError: 0 });
    expect(known).not.toHaveProperty('interval');
    model.dispose();
  });

  it('tells how far it is, and stops when it is aborted', async () => {
    const model = categorical();
    const progress: string[] = [];
    const signal = { aborted: false };
    const call = evaluate(model, counts, {
      key,
      batchSize: 8,
      signal,
      onProgress: ({ done, count }) => {
        progress.push(`${done}/${count}`);
        signal.aborted = done === 16;
      },
    });
    await expect(call).rejects.toMatchObject({ code: 'state', argument: 'signal' });
    expect(progress).toEqual(['8/20', '16/20']);
  });

  it.each<[object, RegExp]>([
    [{}, /expected key to be a Key/],
    [{ key, batchsize: 3 }, /did you mean "batchSize"/],
    [{ key, numSamples: 2, importanceSamples: 2 }, /numSamples or importanceSamples, got both/],
    [{ key, standardError: 0 }, /expected standardError to be a number above 0/],
  ])('refuses %o', async (options, message) => {
    const call = evaluate(categorical(), counts, options as { key: Key });
    await expect(call).rejects.toThrow(message);
  });
});
