import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asLayer, normalHead, Key, mlp, Sequential, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawLatents } from './draw-latents';
import { OutputFolder } from '../results/output-folder';
import type { Experiment } from '../recipes/shared/recipe';
import { latentMapSchema } from '../results/validate';

const dataset = glyphs({ train: 1, validation: 0, test: 60 });

function benchmark(latent: number): Experiment {
  const model = vae({
    encoder: new Sequential([asLayer((x) => tf.div(x, 16)), mlp([64, 2 * latent], { key: Key.of(0) })]),
    decoder: mlp([latent, 64], { key: Key.of(1) }),
    posterior: normalHead({ shape: [latent] }),
    likelihood: normalHead({ shape: [64], std: 1 }),
  });
  return {
    model: model as Experiment['model'],
    training: {} as Experiment['training'],
    latentSpace: model,
    images: () => ({ 'pseudo-inputs': tf.ones([5, 64]) }),
  };
}

describe('drawLatents', () => {
  let folder: string;
  let output: OutputFolder;
  beforeAll(async () => {
    await setup({ backend: 'cpu' });
    folder = await mkdtemp(path.join(tmpdir(), 'dgm-latents-'));
    output = await OutputFolder.open(folder, 'here');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function drawn(latent: number) {
    const made = benchmark(latent);
    const before = tf.memory().numTensors;
    const drawing = await drawLatents(made, `vae-${latent}`, Key.of(2), { dataset, output });
    expect(tf.memory().numTensors).toBe(before);
    made.model.dispose();
    return drawing;
  }

  it('writes the pictures that it names', async () => {
    const { pictures, latentMap } = await drawn(3);
    expect(pictures).toEqual({
      'pseudo-inputs': 'vae-3-pseudo-inputs.png',
      interpolations: 'vae-3-interpolations.png',
    });
    expect(latentMap).toBeUndefined();
    for (const name of Object.values(pictures!)) {
      const png = await readFile(path.join(folder, name));
      expect(png.subarray(1, 4).toString()).toBe('PNG');
    }
  });

  it('maps two latent variables: the density of the prior, and nearly all examples within', async () => {
    const { latentMap } = await drawn(2);
    const { x, y, size, logPrior, points, labels } = (await output.readJson(latentMap!, latentMapSchema))!;
    const cell = (x[1] - x[0]) / (size - 1);
    expect(y[1] - y[0]).toBeCloseTo(x[1] - x[0], 2);
    // The standard normal has its mass in the square: the sum over the grid is a quadrature of its integral.
    const mass = logPrior.reduce<number>((sum, value) => sum + Math.exp(value!) * cell ** 2, 0);
    expect(mass).toBeGreaterThan(0.9);
    expect(mass).toBeLessThan(1.01);
    const inside = points.filter(([a, b]) => a >= x[0] && a <= x[1] && b >= y[0] && b <= y[1]);
    expect(inside.length).toBeGreaterThan(0.9 * points.length);
    expect([points.length, labels!.length]).toEqual([60, 60]);
  });

  it('draws nothing of a model that has nothing to show', async () => {
    const { model, training } = benchmark(2);
    expect(await drawLatents({ model, training }, 'plain', Key.of(2), { dataset, output })).toEqual({});
    model.dispose();
  });
});
