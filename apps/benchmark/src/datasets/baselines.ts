import type { Dataset, Examples } from '@dgm/core';
import { sizeOf } from '@dgm/core';

/** What a likelihood is worth at least: the test likelihood of two models that anybody could write down. */
export interface Baseline {
  readonly name: string;
  /** Negative log-likelihood of a test example, nats. */
  readonly nats: number;
}

/** Added to each count, so that a value which the training rows do not show keeps a probability. */
const PSEUDO_COUNT = 0.1;

/** The baselines of a data set of discrete values; none for continuous data. */
export function baselines({ train, test, levels }: Dataset): readonly Baseline[] {
  if (levels === undefined) return [];
  return [
    { name: 'uniform', nats: sizeOf(test.shape) * Math.log(levels) },
    { name: 'independent pixels', nats: independentPixels(train, test, levels) },
  ];
}

/** One categorical distribution per pixel, counted on the training rows. */
function independentPixels(train: Examples, test: Examples, levels: number): number {
  const dims = sizeOf(train.shape);
  const counts = new Float64Array(dims * levels);
  for (let index = 0; index < train.count * dims; index++) {
    counts[(index % dims) * levels + train.values[index]!]! += 1;
  }
  const total = train.count + PSEUDO_COUNT * levels;
  let nats = 0;
  for (let index = 0; index < test.count * dims; index++) {
    const count = counts[(index % dims) * levels + test.values[index]!]!;
    nats -= Math.log((count + PSEUDO_COUNT) / total);
  }
  return nats / test.count;
}
