import { adam } from '@dgm/core';
import type { Benchmark, BenchmarkEntry } from '@dgm/core';
import { familyName } from './family-name';

export const benchmarks: readonly BenchmarkEntry[] = [
  {
    name: 'family-name',
    source: 'independent entries',
    accepts: ({ levels }) => levels !== undefined,
    create: ({ dataset, key }): Benchmark => {
      const model = familyName({ shape: dataset.train.shape, values: dataset.levels!, key });
      const optimizer = adam({ learningRate: 3e-2 });
      return {
        model,
        training: { optimizer, batchSize: 64, epochs: 1000, earlyStopping: { patience: 20 } },
      } as Benchmark;
    },
  },
];
