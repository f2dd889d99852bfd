import { adamax, bernoulliHead, conditional, Dense, normalHead, modelHead, Sequential } from '@dgm/core';
import type { DistributionHead, Key, Layer } from '@dgm/core';
import { planarFlow, sylvesterFlow } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { Experiment, Recipe, RecipeTask } from '../shared/recipe';
import { gatedConvolutions, planeOf } from './gated-convolutions';
import { softplusVariance, withLogVariances } from './parameters';
import { annealedBound, isBinary, published } from './protocol';
import type { Protocol } from './protocol';

/**
 * The defaults of the authors' program (riannevdberg/sylvester-flows: `main_experiment.py`, `optimization/` and, for the importance
 * samples, `utils/log_likelihood.py`), for §6.1 of the paper.
 */
const protocol: Protocol = {
  optimizer: adamax({ learningRate: 5e-4, epsilon: 1e-7 }),
  batchSize: 100,
  epochs: 2000,
  warmUp: 100,
  patience: 100,
  regularizer: 'monte-carlo',
  importanceSamples: 5000,
};

/**
 * §6.1 of the paper and its slides: 64 latent variables and 16 flows; a bottleneck of 32 columns (O-SNF), or 8 reflections (H-SNF).
 * The program's defaults are 64, 4, 8 and 8.
 */
const sizes = { latent: 64, layers: 16, columns: 32, reflections: 8 };
const smallSizes = { latent: 8, layers: 2, columns: 4, reflections: 2 };

interface Start {
  /** The length of what the encoder puts out, which everything else follows from. */
  readonly features: number;
  readonly sizes: typeof sizes;
  readonly key: Key;
}

/** Mean and log-variance of the normal that a flow begins with. */
function normalParameters({ features, sizes: { latent }, key }: Start): Layer {
  return new Sequential([
    new Dense({ inputs: features, outputs: 2 * latent, key: key.fold('normal') }),
    withLogVariances(softplusVariance),
  ]);
}

const flowOptions = (start: Start) => ({
  dims: start.sizes.latent,
  contextSize: start.features,
  layers: start.sizes.layers,
  base: conditional(normalParameters(start), normalHead({ shape: [start.sizes.latent] })),
  key: start.key.fold('flow'),
});

/** What comes after the convolutions, and the family of the posterior. */
interface Posterior {
  readonly last: readonly Layer[];
  readonly family: DistributionHead;
}

function byFlow(makeFlow: (start: Start) => Flow): (start: Start) => Posterior {
  return (start) => ({
    last: [],
    family: modelHead(ofEncoderAlone(makeFlow(start)), { contextSize: start.features }),
  });
}

/** All numbers of a flow come from the encoder in the authors' `models/VAE.py`: what is learned beside it starts at 0. */
function ofEncoderAlone(flow: Flow): Flow {
  for (const [path, variable] of flow.parameters()) {
    if (path.endsWith('/values')) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
  }
  return flow;
}

const posteriors: Readonly<Record<string, { title: string; make: (start: Start) => Posterior }>> = {
  normal: {
    title: 'VAE',
    make: (start) => ({
      last: [normalParameters(start)],
      family: normalHead({ shape: [start.sizes.latent] }),
    }),
  },
  planar: { title: 'planar flows', make: byFlow((start) => planarFlow(flowOptions(start))) },
  orthogonal: {
    title: 'O-SNF',
    make: byFlow((start) =>
      sylvesterFlow({ ...flowOptions(start), form: 'orthogonal', columns: start.sizes.columns }),
    ),
  },
  householder: {
    title: 'H-SNF',
    make: byFlow((start) =>
      sylvesterFlow({ ...flowOptions(start), form: 'householder', reflections: start.sizes.reflections }),
    ),
  },
  triangular: {
    title: 'T-SNF',
    make: byFlow((start) => sylvesterFlow({ ...flowOptions(start), form: 'triangular' })),
  },
};

function create(make: (start: Start) => Posterior, { dataset, key, quick }: RecipeTask): Experiment {
  const { shape: input } = dataset.train;
  const chosen = quick ? smallSizes : sizes;
  const { encoder, decoder, features } = gatedConvolutions({
    ...{ plane: planeOf(input)!, latent: chosen.latent, quick },
    key: key.fold('convolutions'),
  });
  const { last, family } = make({ features, sizes: chosen, key: key.fold('posterior') });
  const model = vae({
    encoder: new Sequential([encoder, ...last]),
    posterior: family,
    decoder,
    likelihood: bernoulliHead({ shape: input }),
    objective: annealedBound(protocol, dataset),
  });
  return published(model, protocol, { quick });
}

const PAPER = 'Sylvester Normalizing Flows for Variational Inference (van den Berg et al., 2018)';

export const sylvesterPaper: readonly Recipe[] = Object.entries(posteriors).map(
  ([name, { title, make }]) => ({
    name: `sylvester-2018-${name}`,
    source: `${PAPER}, §6.1, Table 1: ${title}`,
    accepts: (dataset) => isBinary(dataset) && planeOf(dataset.train.shape) !== undefined,
    create: (task) => create(make, task),
  }),
);
