import { gaussian, mlp, Sequential, sizeOf } from '@dgm/core';
import type { Benchmark, BenchmarkEntry, BenchmarkTask } from '@dgm/core';
import { asInTheBook, flatten, likelihoodFor } from './benchmark-parts';
import { hierarchicalBenchmarks } from './hierarchical/benchmark';
import { vae } from './vae';

export { asInTheBook, importanceSampled } from './benchmark-parts';

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
  return asInTheBook(model, { quick });
}

export const benchmarks: readonly BenchmarkEntry[] = [
  {
    name: 'vae',
    source: 'DGM §4.3, Listings 4.1-4.5',
    accepts: ({ levels }) => levels !== undefined,
    create: bookVae,
  },
  ...hierarchicalBenchmarks,
];
