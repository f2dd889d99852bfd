import { ArgumentError, checkSizes, formatShape } from '@dgm/core';
import type { Shape } from '@dgm/core';

/** M of the shape `[M]`. */
export function vectorSize(where: string, shape: Shape): number {
  checkSizes(where, 'shape', shape);
  if (shape.length === 1) return shape[0]!;
  throw new ArgumentError({
    where,
    argument: 'shape',
    expected: 'to be that of a vector, [M]',
    actual: formatShape(shape),
    remedy: 'flatten z',
  });
}
