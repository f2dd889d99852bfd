import { adamax, asLayer, bernoulli, categorical, discretizedLogistic, evaluate } from '@dgm/core';
import type { Benchmark, BoundModel, DistributionHead, Key, LatentSpace, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

const IMPORTANCE_SAMPLES = 1000;
const FEW_LEVELS = 32;

/** A latent-variable model that can be looked at from both sides. */
type Reconstructing = BoundModel & LatentSpace & { reconstruct(x: Tensor, key: Key): Tensor };

/** A benchmark by the protocol of the book: how its VAEs are trained, and what is measured and drawn of each. */
export function asInTheBook(model: Reconstructing, { quick }: { readonly quick: boolean }): Benchmark {
  return {
    model,
    training: {
      optimizer: adamax({ learningRate: 1e-3 }),
      batchSize: 64,
      epochs: 1000,
      earlyStopping: { patience: 20 },
    },
    evaluate: importanceSampled(model, { quick }),
    reconstruct: (x, key) => model.reconstruct(x, key),
    latentSpace: model,
  };
}

/** The tighter number beside the bound, out of 1000 draws for each example unless told otherwise. */
export function importanceSampled(
  model: BoundModel,
  { quick, draws = IMPORTANCE_SAMPLES }: { readonly quick: boolean; readonly draws?: number },
): NonNullable<Benchmark['evaluate']> {
  return async (examples, options) => ({
    importanceSampled: await evaluate(model, examples, {
      importanceSamples: quick ? 10 : draws,
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
