import { formatShape, sameShape, ShapeError } from '@dgm/core';
import type { Shape } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Checks that a context comes where it is needed, and only there.
 * @throws ShapeError naming `where`
 */
export function checkContext(
  where: string,
  context: Tensor | undefined,
  n: number,
  contextSize: number,
): void {
  const actual = context?.shape ?? [];
  const fits =
    contextSize === 0
      ? context === undefined
      : actual.length === 2 && actual[0] === n && actual[1] === contextSize;
  if (fits) return;
  throw new ShapeError({
    where,
    argument: 'context',
    expected: contextSize === 0 ? 'to be left out' : `of shape ${formatShape([n, contextSize])}`,
    actual: context === undefined ? 'none' : formatShape(actual),
    remedy: 'the size of the context is the option contextSize of the model',
  });
}

/**
 * Checks that x is a batch of examples.
 * @throws ShapeError naming `where`
 */
export function checkExamples(where: string, x: Tensor, eventShape: Shape): void {
  if (x.rank > 0 && sameShape(x.shape.slice(1), eventShape)) return;
  throw new ShapeError({
    where,
    argument: 'x',
    expected: `of shape ${formatShape(['n', ...eventShape])}`,
    actual: formatShape(x.shape),
  });
}
