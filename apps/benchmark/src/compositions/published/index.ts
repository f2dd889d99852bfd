import type { BenchmarkEntry } from '@dgm/core';
import { hypersphericalPaper } from './hyperspherical';
import { sylvesterPaper } from './sylvester';
import { vampPriorPaper } from './vamp-prior';

/** The architectures and protocols of papers on binarised MNIST, for data of bits alone. */
export const publishedModels: readonly BenchmarkEntry[] = [
  ...vampPriorPaper,
  ...sylvesterPaper,
  ...hypersphericalPaper,
];
