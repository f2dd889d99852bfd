import type { Tensor } from '@tensorflow/tfjs-core';
import { checkShape, show } from '../check/check';
import { ArgumentError, ShapeError } from '../errors/dgm-error';
import { formatShape, type Shape } from '../shape/shape';

/** Examples with their conditions: the batch of a conditional model. */
export interface ConditionedBatch {
  /** `[n, ...event]` */
  readonly x: Tensor;
  /** `[n, contextSize]` */
  readonly context: Tensor;
}

/**
 * The examples of a batch, and their condition if it has one.
 * @throws ArgumentError if the value is not a batch
 */
export function splitBatch(batch: Tensor | ConditionedBatch): {
  readonly x: Tensor;
  readonly context?: Tensor;
} {
  if (typeof batch !== 'object' || batch === null) {
    throw new ArgumentError({
      where: 'splitBatch',
      argument: 'batch',
      expected: 'to be a tensor, or { x, context }',
      actual: show(batch),
    });
  }
  return 'x' in batch ? batch : { x: batch };
}

/**
 * The examples of a batch and their labels or targets, checked against a model that is trained on both.
 * @throws ArgumentError for a batch without them: the model would learn a density alone, and predict at random
 * @throws ShapeError for other shapes than the model's
 */
export function labelledBatch(
  where: string,
  batch: ConditionedBatch,
  { eventShape, contextSize }: { readonly eventShape: Shape; readonly contextSize: number },
): ConditionedBatch {
  const { x, context }: Partial<ConditionedBatch> = batch ?? {};
  if (context === undefined) {
    throw new ArgumentError({
      where,
      argument: 'batch.context',
      expected: 'to be the labels',
      actual: 'none',
      remedy:
        "pass fit the option batch: classContext({ classes }), with unknown: 'zeros' for examples without a label",
    });
  }
  checkShape(where, 'x', x, ['n', ...eventShape]);
  checkContext(where, context, { rows: x.shape[0]!, contextSize });
  return { x, context };
}

/**
 * Checks that a condition is given if and only if the model is conditional, with one row of the right width per
 * example.
 * @param expected - the number of examples, undefined if any number of rows will do, and the width of the condition, 0 for an
 * unconditional model
 * @throws ShapeError naming `where`
 */
export function checkContext(
  where: string,
  context: Tensor | undefined,
  { rows, contextSize }: { readonly rows?: number | undefined; readonly contextSize: number },
): void {
  const shape = context?.shape;
  const fits =
    contextSize === 0
      ? context === undefined
      : shape?.length === 2 && shape[1] === contextSize && (rows === undefined || shape[0] === rows);
  if (fits) return;
  throw new ShapeError({
    where,
    argument: 'context',
    expected: contextSize === 0 ? 'to be left out' : `of shape ${formatShape([rows ?? 'n', contextSize])}`,
    actual: context === undefined ? 'none' : shape === undefined ? show(context) : formatShape(shape),
    remedy:
      contextSize === 0
        ? 'give the model the option contextSize to make it conditional'
        : 'pass one row of contextSize numbers for each example',
  });
}
