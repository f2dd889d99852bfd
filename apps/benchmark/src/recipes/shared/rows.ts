import { gatherExamples } from '@dgm/core';
import type { Examples } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Rows that data-dependent initialization sees. */
const FIRST_ROWS = 500;

/** The first examples, `[n, ...event]`; the caller owns them. */
export function firstRows(examples: Examples): Tensor {
  return rows(examples, Math.min(FIRST_ROWS, examples.count));
}

/** All examples, `[count, ...event]`; the caller owns them. */
export function allRows(examples: Examples): Tensor {
  return rows(examples, examples.count);
}

function rows(examples: Examples, count: number): Tensor {
  return gatherExamples(
    examples,
    Int32Array.from({ length: count }, (_, row) => row),
  );
}
