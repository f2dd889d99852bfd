import { finiteMemory, gatedPixelCnn, recurrentArm } from '@dgm/arm';
import {
  categoricalHead,
  conditional,
  convDecoder,
  convEncoder,
  Dense,
  normalHead,
  Key,
  mlp,
  modelHead,
} from '@dgm/core';
import type { ConditionalDistribution, DistributionHead } from '@dgm/core';
import { iaf, planarFlow, sylvesterFlow } from '@dgm/flows';
import type { SylvesterFlowOptions } from '@dgm/flows';
import type { ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  elboObjective,
  fullCovariance,
  householder,
  HypersphericalUniform,
  iwaeObjective,
  vae,
  vonMisesFisher,
} from '../src/index';
import type { VaeOptions } from '../src/index';

const DIMS = 8;
const PLANE = [2, 4] as const;
const VALUES = 5;
const LATENT = 3;
const CONTEXT = 4;

/** Two clusters of integers from 0 to 4. */
const integers = () =>
  tf.tidy(() => {
    const cluster = Key.of(1).bernoulli([32, 1], 0.5);
    const noise = Key.of(2).bernoulli([32, DIMS], 0.2);
    return tf.mul(tf.abs(tf.sub(tf.tile(cluster, [1, DIMS]), noise)), VALUES - 1);
  });

type MakeHead = (key: Key) => DistributionHead;
type MakeParts = (key: Key, parts: Pick<VaeOptions, 'posterior' | 'likelihood'>) => Partial<VaeOptions>;

function withParts(posterior: MakeHead, likelihood: MakeHead, others: MakeParts = () => ({})) {
  const make = (key: Key) => {
    const parts = {
      posterior: posterior(key.fold('posterior')),
      likelihood: likelihood(key.fold('likelihood')),
    };
    const own = others(key, parts);
    return vae({
      ...{ ...parts, ...own },
      encoder: own.encoder ?? mlp([DIMS, 16, parts.posterior.numParameters], { key: key.fold('encoder') }),
      decoder: own.decoder ?? mlp([LATENT, 16, parts.likelihood.numParameters], { key: key.fold('decoder') }),
    });
  };
  return () => ({ make, data: integers, range: [0, VALUES - 1] as const });
}

const pixels: MakeHead = () => categoricalHead({ shape: [DIMS], levels: VALUES });
const shape = [LATENT] as const;

/** What a posterior flow starts from: a normal around what the encoder says. */
function startOf(key: Key): ConditionalDistribution {
  const start = normalHead({ shape });
  return conditional(new Dense({ inputs: CONTEXT, outputs: start.numParameters, key }), start);
}

const flowOptions = (key: Key) => ({
  dims: LATENT,
  contextSize: CONTEXT,
  base: startOf(key.fold('start')),
  key,
});
const contextSize = CONTEXT;
const sylvester =
  (options: Pick<SylvesterFlowOptions, 'form' | 'columns'>): MakeHead =>
  (key) =>
    modelHead(sylvesterFlow({ ...flowOptions(key), ...options, layers: 2 }), { contextSize });
const inverseAutoregressive: MakeHead = (key) =>
  modelHead(iaf({ ...flowOptions(key), layers: 2, hidden: [8] }), { contextSize });

/** Every posterior, and decoders that are models of their own. */
export const posteriorModels: ModelTable = {
  'vae (full covariance)': withParts(() => fullCovariance({ shape }), pixels),
  'vae (Householder)': withParts(() => householder({ shape, reflections: 2 }), pixels),
  'vae (von Mises-Fisher)': withParts(
    () => vonMisesFisher({ shape }),
    pixels,
    () => ({
      prior: new HypersphericalUniform(LATENT),
    }),
  ),
  'vae (planar flow)': withParts(
    (key) => modelHead(planarFlow({ ...flowOptions(key), layers: 2 }), { contextSize }),
    pixels,
  ),
  'vae (Sylvester flow, orthogonal)': withParts(sylvester({ form: 'orthogonal', columns: 2 }), pixels),
  'vae (Sylvester flow, Householder)': withParts(sylvester({ form: 'householder' }), pixels),
  'vae (Sylvester flow, triangular)': withParts(sylvester({ form: 'triangular' }), pixels),
  'vae (inverse autoregressive flow)': withParts(inverseAutoregressive, pixels),
  'vae (inverse autoregressive flow, path gradient)': withParts(inverseAutoregressive, pixels, () => ({
    objective: elboObjective({ gradient: 'path' }),
  })),
  'vae (inverse autoregressive flow, doubly reparameterized)': withParts(
    inverseAutoregressive,
    pixels,
    () => ({
      objective: iwaeObjective({ numSamples: 3, gradient: 'doubly-reparameterized' }),
    }),
  ),
  'vae (finite-memory decoder)': withParts(
    () => normalHead({ shape }),
    (key) =>
      modelHead(
        finiteMemory({
          ...{ shape: [DIMS], memory: 2, hidden: [8], contextSize },
          likelihood: categoricalHead({ shape: [], levels: VALUES }),
          key,
        }),
        { contextSize },
      ),
  ),
  'vae (LSTM decoder)': withParts(
    () => normalHead({ shape }),
    (key) =>
      modelHead(
        recurrentArm({
          ...{ shape: [DIMS], cell: 'lstm', hidden: 8, contextTo: 'state', contextSize },
          likelihood: categoricalHead({ shape: [], levels: VALUES }),
          key,
        }),
        { contextSize },
      ),
  ),
  'vae (convolutional networks)': withParts(
    () => normalHead({ shape }),
    pixels,
    (key, { posterior, likelihood }) => ({
      encoder: convEncoder({ plane: PLANE, hidden: [4], outputs: posterior.numParameters, key }),
      decoder: convDecoder({
        ...{ plane: PLANE, latent: LATENT, hidden: [4], outputs: likelihood.numParameters },
        key: key.fold('decoder'),
      }),
    }),
  ),
  'vae (PixelCNN decoder)': withParts(
    () => normalHead({ shape }),
    (key) =>
      modelHead(
        gatedPixelCnn({
          ...{ shape: [DIMS], plane: PLANE, hidden: 8, blocks: 1, contextSize },
          likelihood: categoricalHead({ shape: [], levels: VALUES }),
          key,
        }),
        { contextSize },
      ),
  ),
};
