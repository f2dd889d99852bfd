import { adamax, categorical, evaluate, gaussian, mlp, sizeOf } from '@dgm/core';
import type { Benchmark, BenchmarkEntry, BenchmarkTask } from '@dgm/core';
import { vae } from './vae';

/** Importance samples for each example of the reported log-likelihood. */
const IMPORTANCE_SAMPLES = 1000;

/** The VAE of the book with its networks and protocol, for any data set of integer pixels. */
function bookVae({ dataset, key, quick }: BenchmarkTask): Benchmark {
  const { shape } = dataset.train;
  const values = dataset.levels!;
  const dims = sizeOf(shape);
  const [latent, hidden] = [16, quick ? 64 : 256];
  const activation = 'leakyRelu';
  const model = vae({
    encoder: mlp([dims, hidden, hidden, 2 * latent], { key: key.fold('encoder'), activation }),
    decoder: mlp([latent, hidden, hidden, dims * values], { key: key.fold('decoder'), activation }),
    posterior: gaussian({ shape: [latent] }),
    likelihood: categorical({ shape, values }),
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
    accepts: ({ levels, train }) => levels !== undefined && train.shape.length === 1,
    create: bookVae,
  },
];
