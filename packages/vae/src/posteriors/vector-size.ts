import { checkSizes, checkThat, formatShape } from '@dgm/core';
import type { Shape } from '@dgm/core';

/** M of the shape `[M]`. */
export function vectorSize(where: string, shape: Shape): number {
  checkSizes(where, 'shape', shape);
  checkThat(where, 'shape', shape.length === 1, {
    expected: 'to be that of a vector, [M]',
    actual: formatShape(shape),
    remedy: 'flatten z',
  });
  return shape[0]!;
}
