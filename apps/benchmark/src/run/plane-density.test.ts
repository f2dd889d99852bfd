import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BaseModule, standardNormal, type Key, type LikelihoodModel } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDataset } from '../datasets/datasets';
import { OutputFolder } from '../results/output-folder';
import { drawGrid } from './pictures';
import { compareWithDensity } from './plane-density';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dgm-planes-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The standard normal distribution of the plane, with nothing to learn. */
class Normal extends BaseModule implements LikelihoodModel {
  readonly likelihoodKind = 'exact';
  readonly eventShape = [2];
  logProb(x: tf.Tensor) {
    return standardNormal([2]).logProb(x);
  }
  sample(key: Key, n: number) {
    return key.normal([n, 2]);
  }
  objectives() {
    return [];
  }
}

const isPng = (bytes: Uint8Array) => Buffer.from(bytes.subarray(1, 4)).toString() === 'PNG';

describe('compareWithDensity', () => {
  it('gives the divergence from a density that is known, and a picture of both', async () => {
    const dataset = await loadDataset('gaussian-mixture', { quick: false });
    const output = await OutputFolder.open(folder, 'here');
    const before = tf.memory().numTensors;
    const known = await compareWithDensity({ name: 'normal', model: new Normal() }, { dataset, output });
    expect(tf.memory().numTensors).toBe(before);
    // Eight components of deviation 0.2, far from each other, on a circle of radius 2.
    const entropy = Math.log(8) + 1 + Math.log(2 * Math.PI * 0.04);
    const crossEntropy = Math.log(2 * Math.PI) + (4 + 2 * 0.04) / 2;
    const { klDivergence, klStandardError, density } = known!;
    expect(klStandardError).toBeLessThan(0.03);
    expect(Math.abs(klDivergence - (crossEntropy - entropy))).toBeLessThan(4 * klStandardError);
    expect(isPng((await output.read(density))!)).toBe(true);
  });

  it('says nothing where the density is not known', async () => {
    const dataset = await loadDataset('glyphs', { quick: true });
    const output = await OutputFolder.open(folder, 'here');
    expect(await compareWithDensity({ name: 'x', model: new Normal() }, { dataset, output })).toBeUndefined();
  });
});

describe('data that are no images', () => {
  it('are drawn as points', async () => {
    const { test } = await loadDataset('rings', { quick: true });
    expect(isPng(drawGrid(test, { test }))).toBe(true);
  });

  it('are drawn on the scale of the test examples, and without those that lie outside', () => {
    const draw = (...values: number[]) => {
      const points = { count: values.length / 2, shape: [2], values: Float32Array.from(values) };
      return drawGrid(points, { test: { count: 2, shape: [2], values: Float32Array.of(2, 2, -1, 1) } });
    };
    expect(draw(0.5, 1, 3, 0)).toEqual(draw(0.5, 1));
    expect(draw(0.5, 1)).not.toEqual(draw(1, 2));
  });

  it('are read from the file of a table', async () => {
    const file = path.join(folder, 'table.csv');
    await writeFile(file, Array.from({ length: 100 }, (_, row) => `${row},${(row * 7) % 13}`).join('\n'));
    const { name, train, levels } = await loadDataset('csv', { folder: file, quick: false });
    expect([name, train.shape, train.count, levels]).toEqual(['csv', [2], 81, undefined]);
    const named = await loadDataset('csv', { folder: file, header: true, quick: false });
    expect(named.train.count + named.validation.count + named.test.count).toBe(99);
    await expect(loadDataset('csv', { quick: false })).rejects.toThrow(
      'expected --data-dir to be the CSV file that --dataset csv reads',
    );
  });
});
