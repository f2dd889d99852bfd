import { ArgumentError, formatShape, ShapeError } from '@dgm/core';
import type { Shape } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** M of the shape `[M]`. */
export function vectorSize(where: string, shape: Shape): number {
  if (shape.length === 1) return shape[0]!;
  throw new ArgumentError({
    where,
    argument: 'shape',
    expected: 'to be that of a vector, [M]',
    actual: formatShape(shape),
    remedy: 'flatten z',
  });
}

export function checkParameters(where: string, parameters: Tensor, numParameters: number): void {
  if (parameters.rank === 2 && parameters.shape[1] === numParameters) return;
  throw new ShapeError({
    where: `${where}.distribution`,
    argument: 'parameters',
    expected: `of shape ${formatShape(['n', numParameters])}`,
    actual: formatShape(parameters.shape),
    remedy: `let the network put out ${numParameters} numbers`,
  });
}
