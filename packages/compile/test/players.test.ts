import { adam, eager, fit, Key, mlp } from '@dgm/core';
import type { Engine, FitOptions, GenerativeModel } from '@dgm/core';
import { relativeError } from '@dgm/testing';
import { expect, test } from 'vitest';
import { gaussianExamples } from '../../core/test/support/models';
import { TinyEnergy, TinyGan } from '../../core/test/support/players';
import { compiled } from '../src/index';
import { Denoiser } from './support/network-model';

const key = Key.of(3);
const train = gaussianExamples(key.fold('train'), 40);

/** Trains on an engine; the last batch of each epoch is smaller. */
async function trained(model: GenerativeModel, engine: Engine) {
  const options: FitOptions = {
    key,
    optimizer: adam({ learningRate: 1e-2, epsilon: 1e-4 }),
    batchSize: 9,
    epochs: 4,
    ema: { decay: 0.9 },
    engine,
  };
  const { curve } = await fit(model, { train }, options);
  const state = [...model.parameters().values()].map((variable) => Float32Array.from(variable.dataSync()));
  model.dispose();
  return { curve, state };
}

test.each<[string, () => GenerativeModel]>([
  ['a GAN with a lazy penalty, clipped weights and a rare generator', () => new TinyGan(key)],
  ['an energy-based model with persistent chains', () => new TinyEnergy(key)],
  [
    'a network whose gradients are too large to be copied',
    () => new Denoiser({ network: mlp([3, 300, 300, 3], { key }), eventShape: [3] }),
  ],
])('compiles %s to the numbers of the eager engine', async (_, make) => {
  const [expected, actual] = [await trained(make(), eager()), await trained(make(), compiled())];
  actual.state.forEach((values, index) =>
    expect(relativeError(values, expected.state[index]!)).toBeLessThan(1e-4),
  );
  actual.curve.forEach(({ terms }, epoch) => {
    const { terms: wanted } = expected.curve[epoch]!;
    expect(Object.keys(terms).sort()).toEqual(Object.keys(wanted).sort());
    for (const [name, value] of Object.entries(terms)) expect(value).toBeCloseTo(wanted[name]!, 4);
  });
});
