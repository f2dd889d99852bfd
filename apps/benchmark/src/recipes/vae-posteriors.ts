import {
  ActivationLayer,
  adamax,
  asLayer,
  bernoulliHead,
  conditional,
  Dense,
  discretizedLogisticMixtureHead,
  Dropout,
  normalHead,
  modelHead,
  Sequential,
  sizeOf,
  standardNormal,
} from '@dgm/core';
import type {
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Examples,
  Key,
  Layer,
} from '@dgm/core';
import { iaf, realNvp, sylvesterFlow } from '@dgm/flows';
import { dataPseudoInputs, vampPrior } from '@dgm/priors';
import { householder, HypersphericalUniform, vae, vonMisesFisher } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { importanceSampled } from './shared/book';
import type { Experiment, Recipe, RecipeTask } from './shared/recipe';

const LATENT = 16;
const shape = [LATENT] as const;
/** Of the encoder's output, where a posterior is a flow with a context. */
const CONTEXT = 64;
const PSEUDO_INPUTS = 64;
const IMPORTANCE_SAMPLES = 200;

interface Choice<Made> {
  readonly source: string;
  readonly make: Made;
}

function start(key: Key): ConditionalDistribution {
  const head = normalHead({ shape });
  return conditional(new Dense({ inputs: CONTEXT, outputs: head.numParameters, key }), head);
}

const flowOptions = (key: Key) => ({
  dims: LATENT,
  contextSize: CONTEXT,
  base: start(key.fold('start')),
  key,
});

const posteriors = {
  gaussian: { source: 'DGM Eq. 4.28', make: () => normalHead({ shape }) },
  householder: {
    source: 'Tomczak and Welling, 2016',
    make: () => householder({ shape, reflections: 8 }),
  },
  sylvester: {
    source: 'DGM §4.4.2.2; van den Berg et al., 2018',
    make: (key, quick) =>
      modelHead(
        sylvesterFlow({ ...flowOptions(key), form: 'orthogonal', columns: 8, layers: quick ? 2 : 4 }),
        { contextSize: CONTEXT },
      ),
  },
  iaf: {
    source: 'Kingma et al., 2016',
    make: (key) => modelHead(iaf({ ...flowOptions(key), layers: 3, hidden: [64] }), { contextSize: CONTEXT }),
  },
  'von-mises-fisher': {
    source: 'DGM §4.4.2.3; Davidson et al., 2018',
    make: () => vonMisesFisher({ shape }),
  },
} satisfies Record<string, Choice<(key: Key, quick: boolean) => DistributionHead>>;

interface PriorTask {
  readonly train: Examples;
  readonly key: Key;
  readonly encoder: ConditionalDistribution;
  readonly quick: boolean;
}

const priors = {
  standard: { source: 'DGM Eq. 4.29', make: () => standardNormal(shape) },
  uniform: { source: 'DGM §4.4.2.3', make: () => new HypersphericalUniform(LATENT) },
  vamp: {
    source: 'DGM §4.4.1.3; Tomczak and Welling, 2018',
    make: ({ train, key, encoder }) =>
      vampPrior({
        encoder,
        pseudoInputs: dataPseudoInputs(train, { count: Math.min(PSEUDO_INPUTS, train.count) }),
        key,
      }),
  },
  flow: {
    source: 'DGM §4.4.1.6',
    make: ({ key, quick }) => {
      const units = quick ? 32 : 128;
      return realNvp({ dims: LATENT, couplings: 4, hidden: [units, units], rezero: true, key });
    },
  },
} satisfies Record<string, Choice<(task: PriorTask) => Distribution | ConditionalDistribution>>;

/** A VampPrior is of normal posteriors here: a flow would have to be inverted for every pseudo-input and draw. */
const pairs: readonly (readonly [keyof typeof posteriors, keyof typeof priors])[] = [
  ['gaussian', 'standard'],
  ['gaussian', 'vamp'],
  ['gaussian', 'flow'],
  ['householder', 'standard'],
  ['householder', 'flow'],
  ['sylvester', 'standard'],
  ['sylvester', 'flow'],
  ['iaf', 'standard'],
  ['iaf', 'flow'],
  ['von-mises-fisher', 'uniform'],
];

/** Dense layers, with dropout of the inputs and of hidden units. */
function network(
  sizes: readonly number[],
  { key, inputs, hidden }: { readonly key: Key; readonly inputs: number; readonly hidden: number },
): Layer {
  const layers = sizes
    .slice(1)
    .flatMap((outputs, index): Layer[] => [
      ...(index === 0 ? [] : [new ActivationLayer('leakyRelu'), new Dropout({ rate: hidden })]),
      new Dense({ inputs: sizes[index]!, outputs, key: key.fold(index) }),
    ]);
  return new Sequential([...(inputs === 0 ? [] : [new Dropout({ rate: inputs })]), ...layers]);
}

/** The networks of the book with dropout, and a likelihood that knows that grey levels are ordered. */
function create(
  posteriorName: keyof typeof posteriors,
  priorName: keyof typeof priors,
  task: RecipeTask,
): Experiment {
  const { dataset, key, quick } = task;
  const { shape: event } = dataset.train;
  const levels = dataset.levels!;
  const units = task.width ?? (quick ? 64 : 256);
  const likelihood =
    levels === 2
      ? bernoulliHead({ shape: event })
      : discretizedLogisticMixtureHead({ shape: event, levels, components: 3 });
  const posterior: DistributionHead = posteriors[posteriorName].make(key.fold('posterior'), quick);
  const encoder: Layer = new Sequential([
    asLayer((x) => tf.mul(tf.reshape(x, [x.shape[0]!, sizeOf(event)]), Math.min(1, 16 / (levels - 1)))),
    network([sizeOf(event), units, units, posterior.numParameters], {
      ...{ key: key.fold('encoder'), inputs: 0.2, hidden: 0.2 },
    }),
  ]);
  const model = vae({
    encoder,
    decoder: network([LATENT, units, units, likelihood.numParameters], {
      ...{ key: key.fold('decoder'), inputs: 0, hidden: 0.1 },
    }),
    posterior,
    likelihood,
    prior: priors[priorName].make({
      train: dataset.train,
      key: key.fold('prior'),
      encoder: conditional(encoder, posterior),
      quick,
    }),
  });
  return {
    model,
    training: {
      optimizer: adamax({ learningRate: 2e-3 }),
      ema: { decay: 0.99 },
      batchSize: 64,
      epochs: 1000,
      earlyStopping: { patience: 40 },
    },
    evaluate: importanceSampled(model, { quick, draws: IMPORTANCE_SAMPLES }),
    reconstruct: (x, reconstructionKey) => model.reconstruct(x, reconstructionKey),
  };
}

/** A VAE for each pair of a posterior and a prior, all with the same networks and training. */
export const recipes: readonly Recipe[] = pairs.map(([posterior, prior]) => ({
  name: `vae-${posterior}-${prior}`,
  source: `${posteriors[posterior].source} (posterior); ${priors[prior].source} (prior)`,
  accepts: ({ levels }) => levels !== undefined,
  create: (task) => create(posterior, prior, task),
}));
