import { asLayer, categoricalHead, classContext, Key, mlp, normalHead, standardNormal } from '@dgm/core';
import type { CallOptions, Examples } from '@dgm/core';
import { made } from '@dgm/arm';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  adversarialPenalty,
  analyzeLatents,
  auxiliaryVae,
  autoencoder,
  bottomUpVae,
  chiUpperBound,
  conditionalVae,
  gumbelSoftmax,
  householder,
  HypersphericalUniform,
  ladderVae,
  latentExamples,
  OneHotCategorical,
  semiSupervisedVae,
  topDownVae,
  vae,
  vonMisesFisher,
  vqVae,
} from '../src/index';
import type { TopDownVaeOptions, VaeOptions } from '../src/index';

const key = Key.of(0);
const DIMS = 3;
const likelihood = categoricalHead({ shape: [DIMS], levels: 2 });
const zeros = (outputs: number) => (x: tf.Tensor) => tf.zeros([x.shape[0]!, outputs]);
const options = (posterior: VaeOptions['posterior']): VaeOptions => ({
  encoder: zeros(posterior.numParameters),
  decoder: zeros(likelihood.numParameters),
  posterior,
  likelihood,
});

describe('a prior and a posterior over different spaces are refused', () => {
  const onSphere = vonMisesFisher({ shape: [3] });
  const oneHot = gumbelSoftmax({ variables: 2, classes: 3 });
  test.each([
    [
      'a normal posterior, a prior on the sphere',
      normalHead({ shape: [3] }),
      new HypersphericalUniform(3),
      'real numbers',
    ],
    ['a posterior on the sphere, the default prior', onSphere, undefined, 'the unit sphere'],
    ['one-hot vectors, a normal prior', oneHot, standardNormal([2, 3]), 'one-hot vectors'],
  ])('%s', (_, posterior, prior, message) => {
    expectNoLeaks(() =>
      expect(() => vae({ ...options(posterior), ...(prior && { prior }) })).toThrow(message),
    );
  });

  test('a learned density over the codes of a vqVae', () => {
    const density = made({ shape: [2], likelihood: normalHead({ shape: [] }), hidden: [4], key });
    const model = vqVae({
      encoder: zeros(2 * 2),
      decoder: zeros(likelihood.numParameters),
      likelihood,
      codebook: { positions: 2, codes: 4, dims: 2 },
      prior: density,
      key,
    });
    const x = tf.zeros([1, DIMS]);
    expectNoLeaks(() => expect(() => model.elbo(x, key)).toThrow('prior to be a distribution over integers'));
    tf.dispose(x);
    model.dispose();
  });

  test('and those over one space are taken', () => {
    const model = vae({ ...options(onSphere), prior: new HypersphericalUniform(3) });
    const discrete = vae({ ...options(oneHot), prior: new OneHotCategorical([2, 3], { eventRank: 2 }) });
    const nats = tf.tidy(() =>
      [model, discrete].map((each) => each.elbo(tf.zeros([1, DIMS]), key).dataSync()[0]!),
    );
    for (const bound of nats) expect(bound).toBeLessThan(-DIMS * Math.log(2) + 1e-4); // the decoder knows nothing
    model.dispose();
    discrete.dispose();
  });

  test('a posterior whose draws have no gradient', () => {
    expect(() => vae(options(categoricalHead({ shape: [2], levels: 3 })))).toThrow('use gumbelSoftmax');
  });
});

describe('every network knows when it is in training', () => {
  const calls = new Map<string, CallOptions[]>();
  const recorded = (name: string, outputs: number) =>
    asLayer((x, call) => {
      calls.set(name, [...(calls.get(name) ?? []), call]);
      return tf.tile(tf.sum(x, 1, true), [1, outputs]);
    });
  const latent = normalHead({ shape: [2] });
  const network = {
    encoder: () => recorded('encoder', 4),
    decoder: () => recorded('decoder', likelihood.numParameters),
  };
  const models = {
    vae: () => vae({ encoder: network.encoder(), decoder: network.decoder(), posterior: latent, likelihood }),
    auxiliaryVae: () =>
      auxiliaryVae({
        auxiliary: (x) => tf.slice(x, [0, 0], [-1, 1]),
        base: vae({
          encoder: recorded('base encoder', 4),
          decoder: recorded('base decoder', 2),
          posterior: latent,
          likelihood: categoricalHead({ shape: [1], levels: 2 }),
        }),
        encoder: network.encoder(),
        prior: recorded('prior', 4),
        decoder: network.decoder(),
        latent,
        likelihood,
      }),
    autoencoder: () =>
      autoencoder({
        encoder: recorded('encoder', 2),
        decoder: network.decoder(),
        likelihood,
        latents: 2,
        penalty: adversarialPenalty({ prior: standardNormal([2]), critic: recorded('critic', 1) }),
      }),
  };
  test.each(Object.entries(models))('%s', (_, make) => {
    calls.clear();
    const model = make();
    tf.tidy(() => {
      for (const objective of model.objectives())
        objective.loss(tf.zeros([2, DIMS]), key, { training: true });
    });
    expect(calls.size).toBeGreaterThan(1);
    for (const [name, of] of calls) {
      expect([name, of.every((call) => call.training === true && call.key !== undefined)]).toEqual([
        name,
        true,
      ]);
    }
    model.dispose();
  });

  test('of a conditional and a semi-supervised VAE', () => {
    calls.clear();
    const parts = { encoder: network.encoder(), decoder: network.decoder(), posterior: latent, likelihood };
    const models = [
      conditionalVae({ ...parts, contextSize: 2 }),
      semiSupervisedVae({ ...parts, classes: 2, classifier: recorded('classifier', 2) }),
    ];
    tf.tidy(() => {
      const batch = { x: tf.zeros([2, DIMS]), context: tf.eye(2) as tf.Tensor };
      for (const model of models) model.objectives()[0]!.loss(batch, key, { training: true });
    });
    expect([...calls.keys()].sort()).toEqual(['classifier', 'decoder', 'encoder']);
    expect([...calls.values()].flat().every(({ training }) => training === true)).toBe(true);
    models.forEach((model) => model.dispose());
  });
});

describe('a conditional VAE is analysed by the batches that it is trained on', () => {
  const examples: Examples = {
    count: 4,
    shape: [DIMS],
    values: Float32Array.of(0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1),
    labels: Int32Array.of(0, 1, 0, 1),
  };
  const make = () =>
    conditionalVae({
      contextSize: 2,
      encoder: mlp([DIMS + 2, 8, 4], { key: key.fold('encoder') }),
      decoder: mlp([2 + 2, 8, likelihood.numParameters], { key: key.fold('decoder') }),
      posterior: normalHead({ shape: [2] }),
      likelihood,
    });
  const batch = classContext({ classes: 2 });

  test('with its latents and its bound', async () => {
    const model = make();
    const { elbo } = await analyzeLatents(model, examples, { key, batch });
    expect(elbo).toBeLessThan(0);
    const latents = await latentExamples(model, examples, { batch });
    expect([latents.count, latents.shape, latents.values.length]).toEqual([4, [2], 8]);
    model.dispose();
  });

  test('and says so where contexts are missing', async () => {
    const model = make();
    await expect(analyzeLatents(model, examples, { key })).rejects.toThrow('{ x, context }');
    await expect(latentExamples(model, examples)).rejects.toThrow('{ x, context }');
    await expect(latentExamples(model, examples, { batch, chunkSize: 0 })).rejects.toThrow('chunkSize');
    model.dispose();
  });
});

describe('a hierarchy', () => {
  const level = { latent: 2, bottomUp: zeros(3), evidence: zeros(4), posterior: zeros(4) };
  const hierarchy = (more: object) => ({ levels: [level], decoder: zeros(DIMS * 2), likelihood, ...more });

  test.each([
    [
      { combination: 'foo' },
      'topDownVae: expected combination to be one of residual, precision-weighted, direct',
    ],
    [{ connections: 'skip' }, 'expected connections to be one of adjacent, dense'],
    [{ conections: 'dense' }, 'did you mean "connections"'],
    [
      { levels: [{ ...level, latent: 0 }] },
      'expected levels[0].latent to be an integer of at least 1, got 0',
    ],
    [{ topPrior: standardNormal([3]) }, 'expected topPrior to be of shape [2]'],
  ])('refuses %o', (more, message) => {
    expect(() => topDownVae(hierarchy(more) as TopDownVaeOptions)).toThrow(message);
  });

  test.each([ladderVae, bottomUpVae])('of another kind refuses a misspelt option', (make) => {
    expect(() => make(hierarchy({ likelyhood: likelihood }) as never)).toThrow('did you mean "likelihood"');
  });
});

test('a number of reflections or of draws that is none is refused', () => {
  expect(() => householder({ shape: [2], reflections: -1 })).toThrow('expected reflections to be an integer');
  const model = vae(options(normalHead({ shape: [1] })));
  expect(() => chiUpperBound(model, tf.zeros([1, DIMS]), { key, numSamples: 0 })).toThrow('numSamples');
  model.dispose();
});
