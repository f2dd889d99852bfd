import { adamax, asLayer, bernoulli, categorical, discretizedLogistic, evaluate } from '@dgm/core';
import type { Benchmark, BenchmarkTraining, BoundModel, DistributionHead, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';

/** Importance samples for each example of the reported log-likelihood. */
const IMPORTANCE_SAMPLES = 1000;
const FEW_LEVELS = 32;

/** How the book trains its models. */
export const bookTraining: BenchmarkTraining = {
  optimizer: adamax({ learningRate: 1e-3 }),
  batchSize: 64,
  epochs: 1000,
  earlyStopping: { patience: 20 },
};

/** The tighter number beside the bound. */
export function importanceSampled(
  model: BoundModel,
  { quick }: { readonly quick: boolean },
): NonNullable<Benchmark['evaluate']> {
  return async (examples, options) => ({
    importanceSampled: await evaluate(model, examples, {
      importanceSamples: quick ? 10 : IMPORTANCE_SAMPLES,
      ...options,
    }),
  });
}

/** A free probability for each value where there are few of them, as in the book; else an ordered family. */
export function likelihoodFor(shape: Shape, levels: number): DistributionHead {
  if (levels === 2) return bernoulli({ shape });
  return levels <= FEW_LEVELS
    ? categorical({ shape, values: levels })
    : discretizedLogistic({ shape, values: levels });
}

/** Vectors for a dense network; the book feeds the few grey levels of its digits as they are. */
export function flatten(levels: number): Layer {
  const unit = levels <= FEW_LEVELS ? 1 : levels - 1;
  return asLayer((x) => tf.div(tf.reshape(x, [x.shape[0]!, -1]), unit));
}
