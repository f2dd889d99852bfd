import { gatherExamples } from '@dgm/core';
import type { Examples } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Makers of the examples, some at a time, `[n, ...shape]`. */
export function chunksOf(examples: Examples, chunkSize: number): (() => Tensor)[] {
  return Array.from({ length: Math.ceil(examples.count / chunkSize) }, (_, index) => {
    const start = index * chunkSize;
    const length = Math.min(chunkSize, examples.count - start);
    const rows = Int32Array.from({ length }, (__, row) => start + row);
    return () => gatherExamples(examples, rows);
  });
}
