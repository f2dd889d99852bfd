import { categoricalHead, DgmError, Key, mlp, normalHead, rungeKutta } from '@dgm/core';
import type { BoundModel } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  ddgm,
  flowMatching,
  gaussianDiffusion,
  latentDiffusion,
  maskedDiffusion,
  maskedEntries,
  mlpDenoiser,
  multinomialDiffusion,
  oneHotEntries,
  probabilityFlow,
} from '../src/index';

const key = Key.of(0);
const shape = [2];
const small = { shape, features: 4, blocks: 1, key };
const levels = 3;

const ofIntegers: Readonly<Record<string, () => BoundModel>> = {
  gaussianDiffusion: () =>
    gaussianDiffusion({ shape, levels, network: mlpDenoiser({ ...small, outputs: levels }) }) as BoundModel,
  probabilityFlow: () =>
    probabilityFlow({
      diffusion: gaussianDiffusion({ shape, levels, network: mlpDenoiser({ ...small, outputs: levels }) }),
      solver: rungeKutta({ steps: 1 }),
    }) as BoundModel,
  flowMatching: () =>
    flowMatching({
      ...{ shape, levels, network: mlpDenoiser(small) },
      solver: rungeKutta({ steps: 1 }),
    }) as BoundModel,
  maskedDiffusion: () =>
    maskedDiffusion({
      ...{ shape, levels },
      network: mlpDenoiser({ ...small, outputs: levels, entries: maskedEntries({ levels }) }),
    }) as BoundModel,
  multinomialDiffusion: () =>
    multinomialDiffusion({
      ...{ shape, levels, steps: 4 },
      network: mlpDenoiser({ ...small, outputs: levels, entries: oneHotEntries({ levels }) }),
    }) as BoundModel,
  ddgm: () =>
    ddgm({
      ...{ shape, betas: [0.5], reverse: [], decoder: mlp([2, 6], { key }) },
      likelihood: categoricalHead({ shape, levels }),
    }),
  latentDiffusion: () =>
    latentDiffusion({
      ...{ encoder: mlp([2, 4], { key }), posterior: normalHead({ shape }), decoder: mlp([2, 6], { key }) },
      prior: gaussianDiffusion({ shape, network: mlpDenoiser(small) }) as BoundModel,
      likelihood: categoricalHead({ shape, levels }),
    }),
};

it.each(Object.entries(ofIntegers))('%s has a bound for the levels and for nothing else', (_, make) => {
  const model = make();
  const x = tf.tensor2d([[0, 2], [1, 0]]); // prettier-ignore
  expect(tf.tidy(() => [...model.elbo(x, key).dataSync()].every(Number.isFinite))).toBe(true);
  for (const value of [3, -1, 0.5, NaN]) {
    const wrong = tf.tensor2d([[0, 2], [1, value]]); // prettier-ignore
    expectNoLeaks(() =>
      expect(() => model.elbo(wrong, key)).toThrow(
        expect.toSatisfy(
          (error) =>
            DgmError.is(error, 'domain') && error.argument === 'x' && error.message.endsWith('row 1'),
        ),
      ),
    );
    wrong.dispose();
  }
  x.dispose();
  model.dispose();
});

it.each(Object.entries(ofIntegers))('%s names a batch of another shape, or none', (_, make) => {
  const model = make();
  const wide = tf.zeros([2, 2, 2]);
  expectNoLeaks(() => {
    expect(() => model.elbo(wide, key)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'shape')));
    expect(() => model.elbo(undefined as never, key)).toThrow(
      expect.toSatisfy((error) => DgmError.is(error, 'argument')),
    );
  });
  wide.dispose();
  model.dispose();
});

it('refuses real numbers that are not finite', () => {
  const model = gaussianDiffusion({ shape, network: mlpDenoiser(small) });
  const x = tf.tensor2d([[0.1, Infinity]]);
  expect(() => model.elbo(x, key)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'domain')));
  x.dispose();
  model.dispose();
});
