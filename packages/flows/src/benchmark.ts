import { adamax } from '@dgm/core';
import type { Benchmark, BenchmarkEntry, BenchmarkTask, BenchmarkTraining, Dataset } from '@dgm/core';
import { dequantized } from './dequantization/dequantized-flow';
import { autoregressiveIdf } from './models/autoregressive-idf';
import { histogramFlow } from './models/histogram-flow';
import { idf } from './models/idf';
import { realNvp } from './models/real-nvp';

/** The book's protocol. */
const training: BenchmarkTraining = {
  optimizer: adamax({ learningRate: 1e-3 }),
  batchSize: 64,
  epochs: 1000,
  earlyStopping: { patience: 20 },
};

/** The networks of these flows are dense: they take vectors of integers. */
const isVectorsOfIntegers = ({ levels, train }: Dataset): boolean =>
  levels !== undefined && train.shape.length === 1;

const dimsOf = ({ dataset }: BenchmarkTask): number => dataset.train.shape[0]!;
const bookHidden = ({ quick, width = quick ? 32 : 256 }: BenchmarkTask): number[] => [width, width];

/** With noise on [0, 1), which the book's code draws from (0, 0.5]. */
function bookRealNvp(task: BenchmarkTask): Benchmark {
  const flow = realNvp({ dims: dimsOf(task), key: task.key, hidden: bookHidden(task) });
  return { model: dequantized({ flow, levels: task.dataset.levels! }), training };
}

const bookIdf =
  (parts: number) =>
  (task: BenchmarkTask): Benchmark => ({
    model: idf({ dims: dimsOf(task), key: task.key, hidden: bookHidden(task), parts }),
    training,
  });

function bestFlow({ dataset, key, quick }: BenchmarkTask): Benchmark {
  const model = histogramFlow({
    dims: dataset.train.shape[0]!,
    levels: dataset.levels!,
    key,
    hidden: [quick ? 64 : 512],
    dropout: quick ? 0 : 0.3,
  });
  return { model, training };
}

function bestIdf({ dataset, key, quick }: BenchmarkTask): Benchmark {
  const model = autoregressiveIdf({
    dims: dataset.train.shape[0]!,
    levels: dataset.levels!,
    key,
    ...(quick ? { hidden: [32], baseHidden: [64], components: 4 } : {}),
  });
  return { model, training };
}

export const benchmarks: readonly BenchmarkEntry[] = [
  {
    name: 'real-nvp',
    source: 'DGM §3.1.5, Listings 3.1, 3.2',
    accepts: isVectorsOfIntegers,
    create: bookRealNvp,
  },
  {
    name: 'idf',
    source: 'DGM §3.2.4, Listings 3.3-3.6, option 1',
    accepts: isVectorsOfIntegers,
    create: bookIdf(2),
  },
  {
    name: 'idf-four-parts',
    source: 'DGM §3.2.4, Listings 3.3-3.6, option 2',
    accepts: isVectorsOfIntegers,
    create: bookIdf(4),
  },
  {
    name: 'histogram-flow',
    source: 'Müller et al., 2019, §4.1; Papamakarios et al., 2017',
    accepts: isVectorsOfIntegers,
    create: bestFlow,
  },
  {
    name: 'idf-autoregressive',
    source: 'Hoogeboom et al., 2019, §4.2',
    accepts: isVectorsOfIntegers,
    create: bestIdf,
  },
];
