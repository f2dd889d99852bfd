import { asLayer, DgmError, Key, mlp, normalHead } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { gaussianDiffusion, latentDiffusion, logSnrSchedule, mlpDenoiser } from '../src/index';
import type { GaussianDiffusion, LatentDiffusion, LatentDiffusionOptions } from '../src/index';
import { GaussianDenoiser } from './analytic';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const [MEAN, DEVIATION, FACTOR] = [0.4, 0.7, 1.5];

const prior = (): GaussianDiffusion =>
  gaussianDiffusion({
    ...{ shape: [1], parameterization: 'data', schedule: logSnrSchedule({ start: -13.3, end: 13 }) },
    network: new GaussianDenoiser({ mean: MEAN, deviation: DEVIATION }),
  });

/** $z \sim \mathcal N(m, s^2)$ and $x \sim \mathcal N(w z, 1)$, with the posterior that follows. */
function linearGaussian(): LatentDiffusion {
  const precision = 1 / DEVIATION ** 2 + FACTOR ** 2;
  return latentDiffusion({
    encoder: asLayer((x) => {
      const mean = tf.div(tf.add(tf.mul(FACTOR, x), MEAN / DEVIATION ** 2), precision);
      return tf.concat([mean, tf.fill(x.shape, -Math.log(precision))], 1);
    }),
    posterior: normalHead({ shape: [1] }),
    prior: prior(),
    decoder: asLayer((z) => tf.mul(FACTOR, z)),
    likelihood: normalHead({ shape: [1], std: 1 }),
  });
}

it('with exact parts its bound is the log-density', () => {
  tf.tidy(() => {
    const variance = (FACTOR * DEVIATION) ** 2 + 1;
    for (const x of [-0.7, 1.9]) {
      const bounds = meanAndError(values(linearGaussian().elbo(tf.fill([4000, 1], x), key)));
      const truth = -0.5 * (Math.log(2 * Math.PI * variance) + (x - FACTOR * MEAN) ** 2 / variance);
      expect(Math.abs(bounds.mean - truth)).toBeLessThan(STANDARD_ERRORS * bounds.standardError);
      expect(bounds.standardError).toBeLessThan(0.3);
    }
  });
});

it('its loss is minus the mean of the bound, and it draws with its moments', () => {
  tf.tidy(() => {
    const model = linearGaussian();
    const x = Key.of(1).normal([4000, 1]);
    const bounds = meanAndError(values(model.elbo(x, key)));
    const { total } = model.objectives()[0]!.loss(x, key, { training: false });
    expect(Math.abs(values(total)[0]! + bounds.mean)).toBeLessThan(
      STANDARD_ERRORS * Math.SQRT2 * bounds.standardError,
    );
    const draws = meanAndError(values(model.sample(key, 1000)));
    expect(Math.abs(draws.mean - FACTOR * MEAN)).toBeLessThan(STANDARD_ERRORS * draws.standardError);
  });
});

it('refuses what is wrong, and leaves nothing behind', () => {
  const options = (): LatentDiffusionOptions => ({
    encoder: mlp([3, 4], { key }),
    posterior: normalHead({ shape: [2] }),
    prior: gaussianDiffusion({ shape: [2], network: mlpDenoiser({ shape: [2], features: 4, key }) }),
    decoder: mlp([2, 3], { key }),
    likelihood: normalHead({ shape: [3], std: 1 }),
  });
  const wrong: readonly [() => unknown, 'argument' | 'shape'][] = [
    [() => latentDiffusion({ ...options(), decoder: undefined } as never), 'argument'],
    [() => latentDiffusion({ ...options(), latent: 2 } as never), 'argument'],
    [() => latentDiffusion({ ...options(), posterior: normalHead({ shape: [3] }) }), 'shape'],
  ];
  for (const [run, code] of wrong) {
    expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error, code)));
    tf.disposeVariables();
  }
  const model = latentDiffusion(options());
  const x = tf.zeros([2, 4]);
  expectNoLeaks(() =>
    expect(() => model.elbo(x, key)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'shape'))),
  );
  expectNoLeaks(() => model.sample(key, 2).dispose());
  x.dispose();
  model.dispose();
});
