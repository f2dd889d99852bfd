import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions, checkShape, checkThat, show } from '../check/check';
import { ShapeError } from '../errors/dgm-error';
import { checkKey } from '../random/key';
import { formatShape, type Shape } from '../shape/shape';
import type { SampleOptions } from './generative-model';

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
  checkThat('splitBatch', 'batch', typeof batch === 'object' && batch !== null, {
    expected: 'to be a tensor, or { x, context }',
    actual: show(batch),
  });
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
  checkThat(where, 'batch.context', context !== undefined, {
    expected: 'to be the labels',
    actual: 'none',
    remedy:
      "pass fit the option batch: classContext({ classes }), with unknown: 'zeros' for examples without a label",
  });
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
  checkThat(where, 'context', fits, {
    error: ShapeError,
    expected: contextSize === 0 ? 'to be left out' : `of shape ${formatShape([rows ?? 'n', contextSize])}`,
    actual: context === undefined ? 'none' : shape === undefined ? show(context) : formatShape(shape),
    remedy:
      contextSize === 0
        ? 'give the model the option contextSize to make it conditional'
        : 'pass one row of contextSize numbers for each example',
  });
}

/**
 * Checks the arguments of `sample`: a key, a number of draws, and options with no name but `context`.
 * @param call - the arguments, and the `contextSize` of a conditional model
 * @throws ArgumentError naming `where`
 * @throws ShapeError if there is not one context for each draw
 */
export function checkSampling(
  where: string,
  call: {
    readonly key: unknown;
    readonly n: number;
    readonly options: SampleOptions;
    /** @defaultValue 0 */
    readonly contextSize?: number;
    /** Whether a conditional model draws the context itself where it is left out. @defaultValue false */
    readonly drawsContext?: boolean;
  },
): void {
  const { key, n, options, contextSize = 0, drawsContext = false } = call;
  checkOptions(where, options, ['context']);
  checkKey(where, key);
  checkInteger(where, 'n', n, { min: 0 });
  if (drawsContext && options.context === undefined) return;
  checkContext(where, options.context, { rows: n, contextSize });
}
