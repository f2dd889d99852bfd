import {
  adamax,
  asLayer,
  bernoulli,
  categorical,
  discretizedLogistic,
  evaluate,
  gaussian,
  mlp,
  Sequential,
  sizeOf,
} from '@dgm/core';
import type { Benchmark, BenchmarkEntry, BenchmarkTask, DistributionHead, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { vae } from './vae';

/** Importance samples for each example of the reported log-likelihood. */
const IMPORTANCE_SAMPLES = 1000;
const FEW_LEVELS = 32;

/** A free probability for each value where there are few of them, as in the book; else an ordered family. */
function likelihoodFor(shape: Shape, levels: number): DistributionHead {
  if (levels === 2) return bernoulli({ shape });
  return levels <= FEW_LEVELS
    ? categorical({ shape, values: levels })
    : discretizedLogistic({ shape, values: levels });
}

/** Vectors for a dense network; the book feeds the few grey levels of its digits as they are. */
function flatten(levels: number): Layer {
  const unit = levels <= FEW_LEVELS ? 1 : levels - 1;
  return asLayer((x) => tf.div(tf.reshape(x, [x.shape[0]!, -1]), unit));
}

/** The VAE of the book with its networks and protocol, for any data set of integers. */
function bookVae({ dataset, key, quick, width }: BenchmarkTask): Benchmark {
  const { shape } = dataset.train;
  const levels = dataset.levels!;
  const likelihood = likelihoodFor(shape, levels);
  const [latent, hidden] = [16, width ?? (quick ? 64 : 256)];
  const activation = 'leakyRelu';
  const model = vae({
    encoder: new Sequential([
      flatten(levels),
      mlp([sizeOf(shape), hidden, hidden, 2 * latent], { key: key.fold('encoder'), activation }),
    ]),
    decoder: mlp([latent, hidden, hidden, likelihood.numParameters], {
      key: key.fold('decoder'),
      activation,
    }),
    posterior: gaussian({ shape: [latent] }),
    likelihood,
  });
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
        ...options,
        importanceSamples: quick ? 10 : IMPORTANCE_SAMPLES,
      }),
    }),
    reconstruct: (x, reconstructionKey) => model.reconstruct(x, reconstructionKey),
  };
}

export const benchmarks: readonly BenchmarkEntry[] = [
  {
    name: 'vae',
    source: 'DGM §4.3, Listings 4.1-4.5',
    accepts: ({ levels }) => levels !== undefined,
    create: bookVae,
  },
];
