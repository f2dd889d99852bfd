import { gatherExamples } from '@dgm/core';
import type { Examples } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Rows that activation normalization starts from. */
const FIRST_ROWS = 500;

/** The first examples, `[n, ...event]`; the caller owns them. */
export function firstRows(examples: Examples): Tensor {
  const count = Math.min(FIRST_ROWS, examples.count);
  return gatherExamples(
    examples,
    Int32Array.from({ length: count }, (_, row) => row),
  );
}
