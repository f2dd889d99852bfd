import { asLayer, categoricalHead, mlp, Sequential, sizeOf } from '@dgm/core';
import { dataPseudoInputs, vampPrior } from '@dgm/priors';
import type { PseudoInputPrior } from '@dgm/priors';
import { topDownVae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { bookVaeExperiment, hasFewLevels } from './shared/book';
import type { Experiment, Recipe, RecipeTask } from './shared/recipe';

/** Latent variables of the two levels, z_1 first, and pseudo-inputs of the upper one. */
const [LOWER, UPPER, PSEUDO_INPUTS] = [16, 16, 32] as const;
/**
 * The hierarchical VampPrior: p(z_2) is the mixture of the model's own q(z_2|u) at learned pseudo-inputs u, p(z_1|z_2) a
 * network; q(z_1|x, z_2) sees both, and x comes of both.
 */
function hierarchicalVamp({ dataset, key, quick, width }: RecipeTask): Experiment {
  const { shape: input } = dataset.train;
  const likelihood = categoricalHead({ shape: input, levels: dataset.levels! });
  const [size, hidden] = [sizeOf(input), width ?? (quick ? 64 : 256)];
  const network = (sizes: readonly number[], name: string) =>
    mlp(sizes, { key: key.fold(name), activation: 'leakyRelu' });
  let topPrior: PseudoInputPrior | undefined;
  const model = topDownVae({
    levels: [
      {
        latent: LOWER,
        prior: network([UPPER, hidden, 2 * LOWER], 'prior'),
        bottomUp: new Sequential([
          asLayer((x) => tf.reshape(x, [x.shape[0]!, size])),
          mlp([size, hidden, hidden], {
            key: key.fold('bottom-up'),
            activation: 'leakyRelu',
            outputActivation: 'leakyRelu',
          }),
        ]),
        evidence: network([hidden + UPPER, hidden, 2 * LOWER], 'evidence 1'),
      },
      { latent: UPPER, bottomUp: (r) => r, evidence: network([hidden, hidden, 2 * UPPER], 'evidence 2') },
    ],
    decoder: network([LOWER + UPPER, hidden, hidden, likelihood.numParameters], 'decoder'),
    likelihood,
    combination: 'direct',
    connections: 'dense',
    topPrior: (encoder) => {
      topPrior = vampPrior({
        encoder,
        pseudoInputs: dataPseudoInputs(dataset.train, {
          count: Math.min(PSEUDO_INPUTS, dataset.train.count),
        }),
        key: key.fold('pseudo-inputs'),
      });
      return topPrior;
    },
  });
  return {
    ...bookVaeExperiment(model, { quick }),
    images: () => ({ 'pseudo-inputs': topPrior!.pseudoInputs() }),
  };
}

export const recipes: readonly Recipe[] = [
  {
    name: 'vae-hierarchical-vamp',
    source: 'VAE with a VampPrior (Tomczak and Welling, 2018), §4',
    // The likelihood is categorical.
    accepts: hasFewLevels,
    create: hierarchicalVamp,
  },
];
