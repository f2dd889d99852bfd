import { Key, adam, fit, gatherExamples, memoryStore, saveWeights } from '@dgm/core';
import type { AnyMakeBatch, Examples, ExampleSource, FitOptions } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { TinyVae, gaussianExamples } from '../../test/support/models';
import { epochBatches } from './epoch-batches';

const key = Key.of(21);
const train = gaussianExamples(key.fold('train'), 22);
const tinyVae = () => new TinyVae({ dims: 3, key: key.fold('model') });
const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  key,
  optimizer: adam({ learningRate: 1e-2 }),
  batchSize: 8,
  epochs: 2,
  ...more,
});

/** The examples in the order that `fit` gives them in memory, in pieces of some size. */
const pieces = (size: number, more: Partial<ExampleSource> = {}): ExampleSource => ({
  shape: train.shape,
  id: 'gaussian',
  async *read({ key: order }) {
    const rows = order.permutation(train.count);
    for (let start = 0; start < train.count; start += size) {
      await Promise.resolve();
      const part = [...rows.subarray(start, start + size)];
      const values = Float32Array.from(
        part.flatMap((row) => [...train.values.subarray(3 * row, 3 * row + 3)]),
      );
      yield { count: part.length, shape: train.shape, values };
    }
  },
  ...more,
});

async function trained(data: Examples | ExampleSource, more: Partial<FitOptions> = {}) {
  const model = tinyVae();
  const { curve, steps } = await fit(model, { train: data }, options(more));
  const weights = await saveWeights(model);
  model.dispose();
  return { curve, steps, weights };
}

describe('a source of examples', () => {
  it.each([1, 5, 8, 22, 100])(
    'in pieces of %i trains to the bits of the same examples in memory',
    async (size) => {
      expect(await trained(pieces(size))).toEqual(await trained(train));
    },
  );

  it('resumes to the bit, reading again what was done', async () => {
    const whole = await trained(pieces(5));
    const checkpoint = { store: memoryStore(), everySteps: 1 };
    const signal = { aborted: false };
    const onStep = ({ step }: { step: number }) => void (signal.aborted = step >= 2);
    expect((await trained(pieces(5), { checkpoint, signal, callbacks: [{ onStep }] })).steps).toBe(2);
    expect(await trained(pieces(5), { checkpoint })).toEqual(whole);
    await expect(trained(pieces(5, { id: 'others' }), { checkpoint, epochs: 3 })).rejects.toThrow(
      /train of the checkpoint/,
    );
  });

  it('says how many steps an epoch has, where it knows', async () => {
    const planned: unknown[] = [];
    const callbacks = [
      {
        onStart: ({ stepsPerEpoch }: { stepsPerEpoch: number | undefined }) =>
          void planned.push(stepsPerEpoch),
      },
    ];
    await trained(pieces(5), { callbacks, epochs: 0 });
    await trained(pieces(5, { count: 22 }), { callbacks, epochs: 0 });
    expect(planned).toEqual([undefined, 3]);
  });

  it('is closed when training stops in the middle', async () => {
    let closed = 0;
    async function* endless() {
      try {
        for (;;) yield await Promise.resolve(train);
      } finally {
        closed += 1;
      }
    }
    const signal = { aborted: false };
    const onStep = ({ step }: { step: number }) => void (signal.aborted = step === 5);
    const { steps } = await trained(pieces(5, { read: endless }), { signal, callbacks: [{ onStep }] });
    expect([steps, closed]).toEqual([5, 1]);
  });

  it.each<[string, Partial<ExampleSource>, RegExp]>([
    ['without examples', { read: async function* () {} }, /at least one batch in an epoch, got none/],
    ['of another shape', { shape: [4] }, /expected train of shape \[3\] each, got \[4\]/],
    [
      'with a piece that is broken',
      pieceOf({ values: Float32Array.of(1, NaN, 2) }),
      /a piece of train to be finite, got NaN/,
    ],
    ['with a piece of another shape', pieceOf({ shape: [1, 3] }), /a piece of train of shape \[3\]/],
    ['without a name', { id: '' }, /expected train.id to name the data/],
  ])('is refused %s', async (_, more, message) => {
    await expect(trained(pieces(5, more), { checkpoint: { store: memoryStore() } })).rejects.toThrow(message);
  });
});

function pieceOf(more: Partial<Examples>): Partial<ExampleSource> {
  async function* read() {
    yield await Promise.resolve({ count: 1, shape: [3], values: Float32Array.of(1, 2, 3), ...more });
  }
  return { read };
}

describe('batches', () => {
  it('leave out a smaller last one with dropLast', async () => {
    const sizes: number[] = [];
    const batch: AnyMakeBatch<Tensor> = (set, rows) => {
      sizes.push(rows.length);
      return gatherExamples(set, rows);
    };
    expect((await trained(train, { dropLast: true, batch })).steps).toBe(4);
    expect((await trained(pieces(5), { dropLast: true, batch })).steps).toBe(4);
    expect(new Set(sizes)).toEqual(new Set([8]));
    await expect(trained(train, { dropLast: true, batchSize: 23 })).rejects.toThrow(
      /batchSize to be at most the 22 examples/,
    );
  });

  it('may be made asynchronously', async () => {
    const batch: AnyMakeBatch<Tensor> = (set, rows) => Promise.resolve(gatherExamples(set, rows));
    expect(await trained(train, { batch })).toEqual(await trained(train));
  });

  it('hold examples as often as their weights say', async () => {
    const count = 400;
    const weights = Float32Array.from({ length: count }, (_, row) => [0, 1, 3, 0][row % 4]!);
    const examples = { count, shape: [], values: new Float32Array(count), weights };
    const drawn = [0, 0, 0, 0];
    for (let epoch = 0; epoch < 20; epoch++) {
      const epochOptions = { key: key.fold(epoch), batchSize: 64, dropLast: false, skip: 0, check: {} };
      for await (const { rows } of epochBatches(examples, epochOptions)) {
        rows.forEach((row) => (drawn[row % 4]! += 1));
      }
    }
    // A quarter of 8000 draws, with a standard deviation of 39.
    expect([drawn[0], drawn[3]]).toEqual([0, 0]);
    expect(Math.abs(drawn[1]! - 2000)).toBeLessThan(4 * 39);
    expect(drawn[1]! + drawn[2]!).toBe(8000);
  });

  it.each<[string, Float32Array, RegExp]>([
    ['of another number', new Float32Array(3).fill(1), /22 weights, got 3/],
    ['below 0', new Float32Array(22).fill(-1), /not negative, got -1 in row 0/],
    ['that are all 0', new Float32Array(22), /a weight above 0/],
  ])('refuse weights %s', async (_, weights, message) => {
    await expect(trained({ ...train, weights })).rejects.toThrow(message);
  });
});
