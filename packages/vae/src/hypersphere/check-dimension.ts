import { ArgumentError } from '@dgm/core';

/** A sphere of directions needs a space of two dimensions. */
export function checkDimension(where: string, dims: number): void {
  if (Number.isInteger(dims) && dims >= 2) return;
  throw new ArgumentError({
    where,
    argument: 'dims',
    expected: 'to be an integer of at least 2',
    actual: String(dims),
    remedy: 'the sphere in d dimensions has d - 1 of its own',
  });
}
