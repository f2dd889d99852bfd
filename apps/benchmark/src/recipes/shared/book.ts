import {
  adamax,
  asLayer,
  bernoulliHead,
  categoricalHead,
  discretizedLogisticHead,
  evaluate,
} from '@dgm/core';
import type { BoundModel, Dataset, DistributionHead, Key, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Experiment, LatentSpace, Training } from './recipe';

/** The training protocol of the book. */
export const bookTraining: Training = {
  optimizer: adamax({ learningRate: 1e-3 }),
  batchSize: 64,
  epochs: 1000,
  earlyStopping: { patience: 20 },
};

/** Importance samples per example of the book's VAEs. */
const IMPORTANCE_SAMPLES = 1000;

interface ReconstructingVae extends BoundModel, LatentSpace {
  reconstruct(x: Tensor, key: Key): Tensor;
}

/** A VAE trained by the book's protocol, with what is measured and drawn of each. */
export function bookVaeExperiment(
  model: ReconstructingVae,
  { quick }: { readonly quick: boolean },
): Experiment {
  return {
    model,
    training: bookTraining,
    evaluate: importanceSampled(model, { quick }),
    reconstruct: (x, key) => model.reconstruct(x, key),
    latentSpace: model,
  };
}

/**
 * Measures the importance-sampled likelihood beside the bound.
 * @param options - `draws` per example (`@defaultValue 1000`; `quick` takes 10)
 */
export function importanceSampled(
  model: BoundModel,
  { quick, draws = IMPORTANCE_SAMPLES }: { readonly quick: boolean; readonly draws?: number },
): NonNullable<Experiment['evaluate']> {
  return async (examples, options) => ({
    importanceSampled: await evaluate(model, examples, {
      importanceSamples: quick ? 10 : draws,
      ...options,
    }),
  });
}

/** The most values for which each has a free probability, as in the book. Above, values are ordered. */
const MOST_CATEGORIES = 32;

/** Whether a free probability for each value is practical. */
export const hasFewLevels = ({ levels }: Pick<Dataset, 'levels'>): boolean =>
  levels !== undefined && levels <= MOST_CATEGORIES;

/**
 * The likelihood of integers from 0 to `levels` - 1: Bernoulli for bits and categorical for few values, as in the book.
 * @param ordered - for more values (`@defaultValue discretizedLogisticHead`)
 */
export function likelihoodFor(
  shape: Shape,
  levels: number,
  ordered: (options: { shape: Shape; levels: number }) => DistributionHead = discretizedLogisticHead,
): DistributionHead {
  if (levels === 2) return bernoulliHead({ shape });
  return hasFewLevels({ levels }) ? categoricalHead({ shape, levels }) : ordered({ shape, levels });
}

/** Vectors for a dense network. The book feeds the few grey levels of its digits as they are. */
export function flatten(levels: number): Layer {
  const unit = hasFewLevels({ levels }) ? 1 : levels - 1;
  return asLayer((x) => tf.div(tf.reshape(x, [x.shape[0]!, -1]), unit));
}
