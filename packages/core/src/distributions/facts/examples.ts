import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../errors/dgm-error';
import { formatShape } from '../../shape/shape';

/** The number of examples of `[n, ...]`; refuses a scalar and an empty set. */
export function countExamples(x: Tensor, where: string): number {
  const count = x.shape[0] ?? 0;
  if (count > 0) return count;
  throw new ShapeError({
    where,
    argument: 'x',
    expected: 'of shape [n, ...] with at least one example',
    actual: formatShape(x.shape),
  });
}

/** Refuses the parameter of a conjugate prior below which the posterior may have no mode inside. */
export function requireAtLeast(value: number, least: number, where: string, argument: string): void {
  if (value >= least) return;
  throw new ArgumentError({ where, argument, expected: `to be at least ${least}`, actual: String(value) });
}
