import { ActivationLayer, Dense, LayerNorm, Sequential, sizeOf } from '@dgm/core';
import type { Activation, DistributionHead, Key, Layer } from '@dgm/core';
import { bottomUpVae, ladderVae, topDownVae } from '@dgm/vae';
import type { BaseHierarchicalVae } from '@dgm/vae';
import { bookVaeExperiment, flatten, likelihoodFor } from '../shared/book';
import type { Experiment, Recipe, RecipeTask } from '../shared/recipe';

/** The numbers of latent variables of the book's two levels, z_1 first. */
const [LOWER, UPPER] = [16, 8] as const;

/** The sizes and random numbers that the networks of one model are made with. */
interface Networks {
  readonly dims: number;
  readonly hidden: number;
  readonly levels: number;
  readonly likelihood: DistributionHead;
  readonly key: Key;
}

/**
 * Dense layers as in the book's program, but with LayerNorm in the place of BatchNorm, after `quickGelu`; the last activation,
 * where one is given, has none.
 */
function network(sizes: readonly number[], key: Key, last?: Activation): Layer {
  const layers = sizes.slice(1).flatMap((outputs, index): Layer[] => {
    const dense = new Dense({ inputs: sizes[index]!, outputs, key: key.fold(index) });
    if (index < sizes.length - 2)
      return [dense, new ActivationLayer('quickGelu'), new LayerNorm({ features: outputs })];
    return last === undefined ? [dense] : [dense, new ActivationLayer(last)];
  });
  return new Sequential(layers);
}

/** The networks that the top-down models share. */
function topDown({ dims, hidden, levels, likelihood, key }: Networks) {
  return {
    levels: [
      {
        latent: LOWER,
        prior: network([UPPER, hidden, 2 * LOWER], key.fold('prior')),
        bottomUp: new Sequential([
          flatten(levels),
          network([dims, hidden, hidden], key.fold('bottom-up 1'), 'gelu'),
        ]),
        evidence: network([hidden, hidden, 2 * LOWER], key.fold('evidence 1')),
      },
      {
        latent: UPPER,
        bottomUp: network([hidden, hidden, hidden], key.fold('bottom-up 2'), 'leakyRelu'),
        evidence: network([hidden, hidden, 2 * UPPER], key.fold('evidence 2')),
      },
    ],
    decoder: network([LOWER, hidden, hidden, likelihood.numParameters], key.fold('decoder')),
    likelihood,
  };
}

/** Two levels of the same sizes, whose posterior goes up. */
function bottomUp({ dims, hidden, levels, likelihood, key }: Networks): BaseHierarchicalVae {
  return bottomUpVae({
    levels: [
      {
        latent: LOWER,
        prior: network([UPPER, hidden, 2 * LOWER], key.fold('prior')),
        posterior: new Sequential([
          flatten(levels),
          network([dims, hidden, hidden, 2 * LOWER], key.fold('posterior 1')),
        ]),
      },
      { latent: UPPER, posterior: network([LOWER, hidden, hidden, 2 * UPPER], key.fold('posterior 2')) },
    ],
    decoder: network([LOWER, hidden, hidden, likelihood.numParameters], key.fold('decoder')),
    likelihood,
  });
}

function create(
  make: (networks: Networks) => BaseHierarchicalVae,
  { dataset, key, quick, width }: RecipeTask,
): Experiment {
  const { shape } = dataset.train;
  const levels = dataset.levels!;
  const model = make({
    dims: sizeOf(shape),
    hidden: width ?? (quick ? 64 : 256),
    levels,
    likelihood: likelihoodFor(shape, levels),
    key,
  });
  return bookVaeExperiment(model, { quick });
}

const models = {
  'vae-top-down': {
    source: 'DGM §4.5.2.2, Listing 4.12',
    make: (networks: Networks) => topDownVae(topDown(networks)),
  },
  'vae-ladder': {
    source: 'Ladder Variational Autoencoders (Sønderby et al., 2016)',
    make: (networks: Networks) => ladderVae(topDown(networks)),
  },
  'vae-two-level': { source: 'DGM §4.5.2.1, Eq. 4.75-4.82', make: bottomUp },
};

export const hierarchicalVaes: readonly Recipe[] = Object.entries(models).map(([name, { source, make }]) => ({
  name,
  source,
  accepts: ({ levels }) => levels !== undefined,
  create: (task) => create(make, task),
}));
