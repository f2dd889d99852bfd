import {
  adam,
  bernoulliHead,
  clipToRange,
  conditional,
  Dense,
  normalHead,
  Sequential,
  sizeOf,
  standardNormal,
} from '@dgm/core';
import type { Key, Layer } from '@dgm/core';
import { vampPrior } from '@dgm/priors';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { Experiment, Recipe, RecipeTask } from '../shared/recipe';
import { Gated } from './gated';
import { heNormal, withInitialKernels } from './initial-kernels';
import { normalizedGradients } from './normalized-gradients';
import { flattened, withLogVariances } from './parameters';
import { annealedBound, isBinary, published } from './protocol';
import type { Protocol } from './protocol';

/**
 * The defaults of the authors' program (jmtomczak/vae_vampprior: `experiment.py`, `utils/optimizer.py`, `utils/training.py` and
 * `utils/perform_experiment.py`), whose choice §5.1 of the paper describes.
 */
const protocol: Protocol = {
  optimizer: normalizedGradients(adam({ learningRate: 5e-4 })),
  batchSize: 100,
  epochs: 2000,
  warmUp: 100,
  patience: 50,
  regularizer: 'monte-carlo',
  importanceSamples: 5000,
};

/**
 * The same, and `models/VAE.py`: two layers of 300 gated units in each network, 40 latent variables, 500 pseudo-inputs on MNIST. There
 * the probabilities of pixels are kept within [1e-5, 1 - 1e-5] besides (`utils/distributions.py`).
 */
const sizes = { hidden: 300, latent: 40, pseudoInputs: 500 };
const smallSizes = { hidden: 32, latent: 8, pseudoInputs: 10 };
/**
 * Of the initial pseudo-inputs (`load_static_mnist` of `utils/load_data.py`, which overrides the default), and the bounds of a
 * log-variance: of the authors' program, the paper is silent.
 */
const PSEUDO_INPUTS = { mean: 0.05, std: 0.01 } as const;
const LOG_VARIANCES = { min: -6, max: 2 } as const;

function gatedNetwork(inputs: number, hidden: number, outputs: number, key: Key): Layer {
  const gated = (size: number, index: number) =>
    new Gated((own) => new Dense({ inputs: size, outputs: hidden, key: own }), key.fold(index));
  const network = new Sequential([
    gated(inputs, 0),
    gated(hidden, 1),
    new Dense({ inputs: hidden, outputs, key: key.fold(2) }),
  ]);
  return withInitialKernels(network, heNormal, key.fold('kernels'));
}

function create(kind: 'standard' | 'vamp', { dataset, key, quick }: RecipeTask): Experiment {
  const { shape: input } = dataset.train;
  const { hidden, latent, pseudoInputs } = quick ? smallSizes : sizes;
  const posterior = normalHead({ shape: [latent] });
  const likelihood = bernoulliHead({ shape: input });
  const encoder = new Sequential([
    flattened(),
    gatedNetwork(sizeOf(input), hidden, posterior.numParameters, key.fold('encoder')),
    withLogVariances((raw) => clipToRange(raw, LOG_VARIANCES)),
  ]);
  const vamp = () =>
    vampPrior({
      // The prior borrows the encoder, which sees the pseudo-inputs as what images are.
      encoder: conditional(
        (x, context) => encoder.apply(clipToRange(x, { min: 0, max: 1 }), context),
        posterior,
      ),
      pseudoInputs: (own) =>
        tf.tidy(() =>
          tf.add(PSEUDO_INPUTS.mean, tf.mul(PSEUDO_INPUTS.std, own.normal([pseudoInputs, ...input]))),
        ),
      weights: 'equal',
      key: key.fold('pseudo-inputs'),
    });
  const prior = kind === 'vamp' ? vamp() : undefined;
  const model = vae({
    encoder,
    posterior,
    decoder: gatedNetwork(latent, hidden, likelihood.numParameters, key.fold('decoder')),
    likelihood,
    prior: prior ?? standardNormal([latent]),
    objective: annealedBound(protocol, dataset),
  });
  return {
    ...published(model, protocol, { quick }),
    ...(prior ? { images: () => ({ 'pseudo-inputs': clipped(prior.pseudoInputs()) }) } : {}),
  };
}

/** The pseudo-inputs as the encoder sees them. */
function clipped(images: tf.Tensor): tf.Tensor {
  const seen = clipToRange(images, { min: 0, max: 1 });
  images.dispose();
  return seen;
}

const PAPER = 'VAE with a VampPrior (Tomczak and Welling, 2018)';

export const vampPriorPaper: readonly Recipe[] = (['standard', 'vamp'] as const).map((kind) => ({
  name: `vampprior-2018-${kind}`,
  source: `${PAPER}, §5.1, Table 1: VAE with one layer, ${kind === 'vamp' ? 'VampPrior' : 'standard prior'}`,
  accepts: isBinary,
  create: (task) => create(kind, task),
}));
