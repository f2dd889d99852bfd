import { ArgumentError, checkContext, checkShape } from '@dgm/core';
import type { ConditionedBatch, Shape } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The examples of a batch, and their targets.
 * @throws ArgumentError for a batch without targets: a model that never sees one would be trained as a density, and predict at random
 * @throws ShapeError for other shapes than the model's
 */
export function labelled(
  where: string,
  batch: ConditionedBatch,
  { eventShape, contextSize }: { readonly eventShape: Shape; readonly contextSize: number },
): { readonly x: Tensor; readonly y: Tensor } {
  const { x, context: y }: Partial<ConditionedBatch> = batch ?? {};
  if (y === undefined) {
    throw new ArgumentError({
      where,
      argument: 'batch.context',
      expected: 'to be the targets',
      actual: 'none',
      remedy:
        "pass fit the option batch: classContext({ classes }), with unknown: 'zeros' for examples without a label",
    });
  }
  checkShape(where, 'x', x, ['n', ...eventShape]);
  checkContext(where, y, { rows: x.shape[0]!, contextSize });
  return { x, y };
}
