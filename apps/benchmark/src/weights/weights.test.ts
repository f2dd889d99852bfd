import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import type { WeightCurves } from './weight-curve';
import { weights } from './weights';

it('trains a model once for each weight, and writes the curves', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-weights-'));
  const lines = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    const file = path.join(folder, 'curves.json');
    const before = tf.memory().numTensors;
    const argv = ['--quick', '--models', 'hybrid-book', '--weights', '0,1', '--json', file];
    expect(await weights([...argv, '--engine', 'eager', '--device', 'cpu'])).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    const { command, dataset, curves } = JSON.parse(await readFile(file, 'utf8')) as WeightCurves;
    expect(command).toBe(
      'npm run bench -- weights --models hybrid-book --weights 0,1 --dataset glyphs --seed 0',
    );
    expect(dataset.name).toBe('glyphs');
    const [{ model, kind, gradients, points }] = curves as [WeightCurves['curves'][number]];
    expect([model, kind]).toEqual(['hybrid-book', 'exact']);
    // The couplings start as the identity: ln p(x) pulls at the base besides, which the class does not see.
    expect(gradients.density).toBeGreaterThan(gradients.classification);
    expect(points.map(({ weight }) => weight)).toEqual([0, 1]);
    expect(points[1]!.nats).toBeLessThan(points[0]!.nats!);
  } finally {
    lines.mockRestore();
    await rm(folder, { recursive: true });
  }
});

it('refuses models that are no hybrids with a weight, data that they cannot learn, and weights below 0', async () => {
  await expect(weights(['--models', 'vae'])).rejects.toThrow('one of hybrid-flow, hybrid-idf');
  await expect(weights(['--weights', '-1'])).rejects.toThrow('to be 0 or a positive number');
  await expect(weights(['--dataset', 'two-moons', '--device', 'cpu'])).rejects.toThrow(
    'hybrid-flow can learn',
  );
});
