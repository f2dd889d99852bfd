import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Key, setup } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDataset } from './datasets';
import { redrawnBits } from './drawn-bits';

/** An IDX file of bytes. */
function idx(shape: readonly number[], value: (at: number) => number): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  const size = shape.reduce((product, each) => product * each, 1);
  return gzipSync(Buffer.concat([header, Buffer.from(Array.from({ length: size }, (_, at) => value(at)))]));
}

describe('mnist-10k', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'dgm-mnist-'));
    const inner = path.join(folder, 'mnist10k');
    mkdirSync(inner);
    for (const [part, count] of [
      ['train', 1003],
      ['t10k', 2],
    ] as const) {
      writeFileSync(
        path.join(inner, `${part}-images-idx3-ubyte.gz`),
        idx([count, 2, 2], (at) => [0, 255, 128, 128][at % 4]!),
      );
      writeFileSync(
        path.join(inner, `${part}-labels-idx1-ubyte.gz`),
        idx([count], (at) => at % 10),
      );
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds out the last thousand of the training file', async () => {
    const data = await loadDataset('mnist-10k', { folder, quick: false });
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([3, 1000, 2]);
    expect([data.train.shape, data.levels]).toEqual([[4], 256]);
    expect(data.validation.labels![0]).toBe(3);
  });

  it('is found beside its files as well, and says where it was looked for', async () => {
    const data = await loadDataset('mnist-10k', { folder: path.join(folder, 'mnist10k'), quick: true });
    expect(data.train.count).toBe(3);
    await expect(loadDataset('mnist-10k', { folder: tmpdir(), quick: true })).rejects.toThrow('--data-dir');
  });

  it('has bits by a hash of their places', async () => {
    const data = await loadDataset('binarized-mnist-10k', { folder, quick: false });
    expect([data.train.shape, data.levels]).toEqual([[4], 2]);
    // fmix32(2) = 0x30F4C306, fmix32(3) = 0x85F0B427: below and above one half.
    expect([...data.train.values.slice(0, 4)]).toEqual([0, 1, 1, 0]);
    const grey = [...data.validation.values].filter((_, at) => at % 4 > 1);
    const share = grey.reduce((sum, bit) => sum + bit, 0) / grey.length;
    expect(Math.abs(share - 128 / 255)).toBeLessThan(4 * Math.sqrt(0.25 / grey.length));
  });

  it('draws bits anew for training, and leaves those that are measured', async () => {
    await setup({ backend: 'cpu' });
    const { train, validation } = await loadDataset('binarized-mnist-10k', { folder, quick: false });
    const before = tf.memory().numTensors;
    // The grey levels are 0, 255, 128 and 128 of 255.
    const means = tf.tidy(() => {
      const batches = Array.from({ length: 400 }, (_, at) =>
        redrawnBits(train, Int32Array.of(0, 2), { key: Key.of(at), training: true }),
      );
      return tf.mean(tf.concat(batches), 0).arraySync() as number[];
    });
    expect(means.slice(0, 2)).toEqual([0, 1]);
    for (const mean of means.slice(2))
      expect(Math.abs(mean - 128 / 255)).toBeLessThan(4 * Math.sqrt(0.25 / 800));
    for (const [examples, training] of [
      [train, false],
      [validation, true],
    ] as const) {
      const x = redrawnBits(examples, Int32Array.of(1), { key: Key.of(0), training });
      expect([...x.dataSync()]).toEqual([...examples.values.slice(4, 8)]);
      x.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
