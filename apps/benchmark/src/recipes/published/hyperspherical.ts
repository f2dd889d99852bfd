import { adam, bernoulliHead, normalHead, mlp, Sequential, sizeOf, standardNormal } from '@dgm/core';
import type { Layer } from '@dgm/core';
import { HypersphericalUniform, vae, vonMisesFisher } from '@dgm/vae';
import type { Experiment, Recipe, RecipeTask } from '../shared/recipe';
import { glorotUniform, withInitialKernels } from './initial-kernels';
import { flattened, softplusDeviation, withLogVariances } from './parameters';
import { annealedBound, isBinary, published } from './protocol';
import type { Protocol } from './protocol';

/**
 * Rate and batch are those of the authors' example programs (`examples/mnist.py` of nicola-decao/s-vae-tf and s-vae-pytorch), which
 * train for 1000 steps or one epoch, and have neither warm-up nor early stopping; these are quoted from the paper's
 * description of §5.2, which could not be checked again. "Until convergence" is 2000 epochs at most.
 */
const protocol: Protocol = {
  optimizer: adam({ learningRate: 1e-3 }),
  batchSize: 64,
  epochs: 2000,
  warmUp: 100,
  patience: 50,
  regularizer: 'closed-form',
  importanceSamples: 500,
};

/**
 * The networks of the same: 256 and 128 units from the data to the latent space, and back in reverse. Kernels start as in the
 * program for TensorFlow, whose biases start at 0.
 */
const sizes = [256, 128] as const;
const smallSizes = [32, 16] as const;

/** The rows of Table 1: d coordinates for a normal, the sphere of d dimensions in d + 1 coordinates. */
const dimensions = [2, 5, 10, 20, 40] as const;

const spaces = {
  normal: (d: number) => ({
    posterior: normalHead({ shape: [d] }),
    prior: standardNormal([d]),
    last: [withLogVariances(softplusDeviation)],
  }),
  sphere: (d: number) => ({
    posterior: vonMisesFisher({ shape: [d + 1] }),
    prior: new HypersphericalUniform(d + 1),
    last: [],
  }),
};

function create(kind: keyof typeof spaces, d: number, { dataset, key, quick }: RecipeTask): Experiment {
  const { shape: input } = dataset.train;
  const [wide, narrow] = quick ? smallSizes : sizes;
  const likelihood = bernoulliHead({ shape: input });
  const { posterior, prior, last } = spaces[kind](d);
  const network = (name: string, units: readonly number[]): Layer =>
    withInitialKernels(mlp(units, { key: key.fold(name) }), glorotUniform, key.fold(name).fold('kernels'));
  const model = vae({
    encoder: new Sequential([
      flattened(),
      network('encoder', [sizeOf(input), wide, narrow, posterior.numParameters]),
      ...last,
    ]),
    decoder: network('decoder', [sizeOf(posterior.eventShape), narrow, wide, likelihood.numParameters]),
    posterior,
    prior,
    likelihood,
    objective: annealedBound(protocol, dataset),
  });
  return published(model, protocol, { quick });
}

const PAPER = 'Hyperspherical Variational Auto-Encoders (Davidson et al., 2018)';

export const hypersphericalPaper: readonly Recipe[] = dimensions.flatMap((d) =>
  (['normal', 'sphere'] as const).map((kind) => ({
    name: `svae-2018-${kind}-${d}`,
    source: `${PAPER}, §5.2, Table 1: ${kind === 'normal' ? 'N' : 'S'}-VAE, d = ${d}`,
    accepts: isBinary,
    create: (task: RecipeTask) => create(kind, d, task),
  })),
);
