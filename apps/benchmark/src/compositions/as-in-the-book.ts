import { adamax, evaluate } from '@dgm/core';
import type { Benchmark, BoundModel, Key, LatentSpace } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

const IMPORTANCE_SAMPLES = 1000;

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
    evaluate: async (examples, options) => ({
      importanceSampled: await evaluate(model, examples, {
        importanceSamples: quick ? 10 : IMPORTANCE_SAMPLES,
        ...options,
      }),
    }),
    reconstruct: (x, key) => model.reconstruct(x, key),
    latentSpace: model,
  };
}
