import type { BenchmarkEntry } from '@dgm/core';
import { hierarchicalVamps } from './hierarchical-vamp';
import { publishedModels } from './published/index';
import { vaePosteriors } from './vae-posteriors';
import { vaePriors } from './vae-priors';

/** Models out of the parts of several families, which no family may put together by itself. */
export const benchmarks: readonly BenchmarkEntry[] = [
  ...vaePriors,
  ...vaePosteriors,
  ...hierarchicalVamps,
  ...publishedModels,
];
