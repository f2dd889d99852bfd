import { checkInteger, checkShape } from '@dgm/core';
import type { Shape } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Checks the option `examples`, of which means are taken.
 * @throws ShapeError for another shape
 * @throws ArgumentError for no example at all
 */
export function checkTrainingExamples(where: string, examples: Tensor, shape: Shape): void {
  checkShape(where, 'examples', examples, ['n', ...shape]);
  checkInteger(where, 'the number of examples', examples.shape[0]);
}
