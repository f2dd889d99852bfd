import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../../datasets/datasets';
import { readDataFiles, writeDataFiles } from './data-files';
import type { BuildRequest } from './protocol';
import { Session } from './session';

let folder: string;
let request: BuildRequest;
let small: BuildRequest;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dgm-session-'));
  const data = await writeDataFiles(await loadDataset('glyphs', { quick: true }), folder);
  request = { model: 'vae', batch: 32, threads: 1, seed: 0, quick: true, data };
  small = { ...request, width: 16 };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const layers = (sizes: number[]) =>
  sizes.slice(1).reduce((sum, outputs, index) => sum + outputs * (sizes[index]! + 1), 0);
const sizeOfVae = (hidden: number) =>
  layers([64, hidden, hidden, 32]) + layers([16, hidden, hidden, 64 * 17]);

describe('data files', () => {
  it('give back the data set', async () => {
    const read = await readDataFiles(request.data);
    const written = await loadDataset('glyphs', { quick: true });
    for (const part of ['train', 'validation', 'test'] as const) {
      const { count, shape, values, labels } = written[part];
      expect(labels).toHaveLength(count);
      expect(read[part]).toEqual({ count, shape, values, labels });
    }
    expect(read.levels).toBe(17);
  });
});

describe('our side of a comparison', () => {
  const session = new Session({ engine: 'compiled', device: 'cpu' });
  afterAll(() => session.dispose());

  it('wants a model first', async () => {
    await expect(session.steps({ n: 1 })).rejects.toThrow('build');
  });

  it('builds the model that is asked for, and says how it is trained', async () => {
    expect(await session.build(small)).toMatchObject({ parameters: sizeOfVae(16) });
    expect(await session.build(request)).toEqual({
      parameters: sizeOfVae(64),
      device: 'cpu',
      training: {
        optimizer: 'adamax',
        learningRate: 1e-3,
        batchSize: 64,
        epochs: 1000,
        patience: 20,
        clipNorm: null,
        emaDecay: null,
      },
    });
    await expect(session.build({ ...request, model: 'none' })).rejects.toThrow('none');
  });

  it('learns by steps', async () => {
    await session.build(request);
    const { loss } = await session.steps({ n: 1 });
    const last = await session.steps({ n: 60 });
    expect(last.loss).toBeLessThan(loss - 20);
    expect(last.ms).toBeGreaterThan(0);
  });

  it('trains to a target, and is then better than before', async () => {
    await session.build(small);
    const before = await session.evaluate({ draws: 1 });
    const { curve, steps } = await session.train({ epochs: 2, patience: 3 });
    expect(curve.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(steps).toBe(2 * 8);
    expect((await session.evaluate({ draws: 1 })).nats).toBeLessThan(before.nats!);
    await session.build(small);
    expect((await session.train({ epochs: 2, target: curve[0]!.validation })).curve).toHaveLength(1);
  });

  it('does not train what nothing can be validated by', async () => {
    await session.build({ ...request, model: 'gan-book' });
    expect(await session.steps({ n: 1 })).toMatchObject({ loss: expect.any(Number) });
    expect(await session.train({ epochs: 2 })).toEqual({ seconds: 0, steps: 0, curve: [] });
    await session.build(small);
  });

  it('draws samples', async () => {
    const { ms, shape } = await session.sample({ n: 5, times: 2 });
    expect(shape).toEqual([5, 64]);
    expect(ms).toHaveLength(2);
  });

  it('frees what it has built', async () => {
    session.dispose();
    const before = tf.memory().numTensors;
    await session.build(request);
    await session.steps({ n: 2 });
    await session.sample({ n: 2, times: 1 });
    session.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes the same steps eagerly', async () => {
    const eager = new Session({ engine: 'eager', device: 'cpu' });
    const built = await eager.build(small);
    const { loss } = await eager.steps({ n: 3 });
    expect((await eager.sample({ n: 2, times: 1 })).shape).toEqual([2, 64]);
    eager.dispose();
    expect(await session.build(small)).toEqual(built);
    expect((await session.steps({ n: 3 })).loss).toBeCloseTo(loss, 3);
  });

  it('counts the products of a step, and knows of a speed', async () => {
    await session.build(request);
    const { multiplyAdds, resultsMiB, peakPerMs } = await session.roofline();
    const products = (sizes: number[]) =>
      sizes.slice(1).reduce((sum, outputs, index) => sum + outputs * sizes[index]!, 0);
    const all = products([64, 64, 64, 32]) + products([16, 64, 64, 64 * 17]);
    // Forward, gradients of the weights, and gradients of the activations but for the data.
    expect(multiplyAdds).toBe(32 * (3 * all - 64 * 64));
    // The logits, their gradients, and more.
    expect(resultsMiB).toBeGreaterThan((2 * 4 * 32 * 64 * 17) / 2 ** 20);
    expect(peakPerMs).toBeGreaterThan(1e4);
  });
});
