import { asLayer, DgmError, Key, mlp, prepareLoss, Sequential } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { fDivergence } from '../losses/f-divergence';
import { energyGan } from './energy-gan';
import type { EnergyGanOptions } from './energy-gan';
import { conditionalGan, gan } from './gan';
import type { Gan, GanOptions } from './gan';

const key = Key.of(0);

/** The data are normal with this mean and standard deviation, and samples, z as it is, standard normal. */
const [MEAN, STD] = [1, 0.5];

/** $\ln \mathcal N(x | m, s^2) - \ln \mathcal N(x | 0, 1)$ */
const exactLogRatio = (x: number): number => -Math.log(STD) - 0.5 * ((x - MEAN) / STD) ** 2 + 0.5 * x ** 2;

/** A critic that can be exact: an affine function of x and its square. */
const quadratic = () =>
  new Sequential([
    asLayer((x: Tensor) => tf.concat([x, tf.square(x)], 1)),
    mlp([2, 1], { key: key.fold('critic') }),
  ]);

const untrained = (options: Partial<GanOptions> = {}): Gan =>
  gan({
    ...{ latent: 1, generator: (z: Tensor) => tf.clone(z), critic: quadratic() },
    ...{ loss: 'non-saturating', penalties: [], ...options },
  });

/** Draws whose mean and variance are exact. */
const standardized = (draws: Tensor): Tensor => {
  const { mean, variance } = tf.moments(draws);
  return tf.div(tf.sub(draws, mean), tf.sqrt(variance));
};

/** A GAN whose critic has learned, and whose generator has not. */
function withCritic(options: Partial<GanOptions>): Gan {
  const model = untrained(options);
  const optimizers = [tf.train.adam(0.1), tf.train.adam(0.01)];
  const [critic] = model.objectives();
  const data = tf.tidy(() => tf.add(MEAN, tf.mul(STD, standardized(key.fold('data').normal([2000, 1])))));
  for (let step = 0; step < 200; step++) {
    const optimizer = optimizers[step < 120 ? 0 : 1]!;
    tf.tidy(() => {
      const own = key.fold(step);
      const prepared = prepareLoss(critic!, data, own, { training: true });
      optimizer.minimize(() => critic!.loss(data, own, prepared).total, false, [...critic!.parameters]);
    });
  }
  optimizers.forEach((optimizer) => optimizer.dispose());
  data.dispose();
  return model;
}

const places = [-0.5, 0, 0.5, 1, 1.5, 2];

/** What the critic says of the places, less what is exact. */
const errorsOf = (model: Gan): number[] =>
  tf.tidy(() => {
    const read = model.logRatio(tf.tensor2d(places, [places.length, 1])).dataSync();
    return places.map((x, index) => read[index]! - exactLogRatio(x));
  });

describe('energyGan', () => {
  test.each<[string, Partial<GanOptions>]>([
    ['non-saturating', {}],
    ['f-divergence', { loss: fDivergence('jensen-shannon') }],
  ])('has a critic whose ratio is that of the densities, and corrects samples by it: %s', (_, options) => {
    const model = withCritic(options);
    for (const error of errorsOf(model)) expect(Math.abs(error)).toBeLessThan(0.15);
    const corrected = energyGan({ gan: model, steps: 40 });
    tf.tidy(() => {
      const z = tf.tensor2d(places, [places.length, 1]);
      const energy = corrected.latentEnergy(z).dataSync();
      // The exact energy is that of the data, but for ln(s).
      places.forEach((x, index) => {
        expect(energy[index]).toBeCloseTo(0.5 * ((x - MEAN) / STD) ** 2 + Math.log(STD), 0);
      });
      const { mean, variance } = tf.moments(corrected.sample(key, 2000));
      expect(Math.abs(mean.dataSync()[0]! - MEAN)).toBeLessThan(0.06);
      expect(Math.abs(Math.sqrt(variance.dataSync()[0]!) - STD)).toBeLessThan(0.05);
    });
    corrected.dispose();
  });

  test('knows the ratio up to a constant from a relativistic critic', () => {
    const model = withCritic({ loss: 'relativistic' });
    const errors = errorsOf(model);
    const constant = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    for (const error of errors) expect(Math.abs(error - constant)).toBeLessThan(0.2);
    model.dispose();
  });

  test('draws the same along the loop, integers in their range, and frees what it makes', () => {
    const tanh = (z: Tensor) => tf.tanh(z);
    const model = energyGan({ gan: untrained({ generator: tanh, levels: 3 }), steps: 4, stepSize: 0.5 });
    expectNoLeaks(() => {
      const samples = model.sample(key, 20);
      expect([...new Set(samples.dataSync())].every((value) => [0, 1, 2].includes(value))).toBe(true);
      samples.dispose();
    });
    model.dispose();
  });

  const conditional = () =>
    conditionalGan({
      ...{ latent: 1, contextSize: 1 },
      generator: mlp([2, 1], { key }),
      critic: mlp([2, 1], { key }),
    }) as unknown as Gan;

  test.each<[string, () => EnergyGanOptions, string]>([
    ['a critic of no ratio', () => ({ gan: untrained({ loss: 'wasserstein' }) }), 'wasserstein'],
    [
      'total variation',
      () => ({ gan: untrained({ loss: fDivergence('total-variation') }) }),
      'total-variation',
    ],
    ['a conditional GAN', () => ({ gan: conditional() }), 'contexts'],
    ['no GAN', () => ({ gan: undefined as never }), 'gan'],
    [
      'a misspelt option',
      () => ({ gan: untrained(), stepsize: 1 }) as object as EnergyGanOptions,
      'stepSize',
    ],
    ['one step', () => ({ gan: untrained(), steps: 1 }), 'steps'],
  ])('refuses %s', (_, options, message) => {
    expect(() => energyGan(options())).toThrow(DgmError);
    expect(() => energyGan(options())).toThrow(message);
  });

  test('refuses latent variables and examples of another shape', () => {
    const model = energyGan({ gan: untrained() });
    tf.tidy(() => {
      expect(() => model.latentEnergy(tf.zeros([2, 3]))).toThrow('EnergyGan.latentEnergy');
      expect(() => model.gan.logRatio(tf.zeros([2, 3]))).toThrow('gan.logRatio');
      expect(() => model.sample(key, 1, { context: tf.zeros([1, 1]) })).toThrow('context');
    });
    model.dispose();
  });
});
