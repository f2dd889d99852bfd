import { sameShape } from '@dgm/core';
import { producer } from '../graph/graph';
import type { Value } from '../graph/graph';

/** A matrix as another one with a factor for each row: $\mathrm{diag}(c)\,B$. */
export interface RowScaling {
  /** c, `[rows, 1]` */
  readonly column: Value;
  readonly base: Value;
}

/** The factors of a matrix's rows, where it was computed with such. */
export function rowScaling(matrix: Value): RowScaling | undefined {
  const node = producer(matrix);
  if (node?.kernel !== 'Multiply' || matrix.shape.length !== 2 || matrix.shape[1] === 1) return undefined;
  const column = node.inputs.find(({ shape }) => shape.length === 2 && shape[1] === 1 && shape[0] !== 1);
  const base = node.inputs.find(({ shape }) => sameShape(shape, matrix.shape));
  return column === undefined || base === undefined ? undefined : { column, base };
}
