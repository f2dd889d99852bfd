import { ArgumentError, checkGiven, checkInteger, checkShape, splitBatch } from '@dgm/core';
import type { ConditionedBatch, Shape } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Checks the option `shape`: the sizes of one example.
 * @throws ArgumentError unless it is an array of positive integers
 */
export function checkEventShape(where: string, shape: unknown): asserts shape is Shape {
  if (!Array.isArray(shape)) {
    throw new ArgumentError({
      where,
      argument: 'shape',
      expected: 'to be the shape of an example, such as [64]',
      actual: shape === null ? 'null' : typeof shape,
    });
  }
  shape.forEach((size) => checkInteger(where, 'shape', size));
}

/**
 * Checks that an argument is an object with the given methods, such as units, a path or an objective.
 * @param expected - `to be units such as bernoulliUnits({ shape: [64] })`
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkMethods(
  where: string,
  argument: string,
  value: unknown,
  { methods, expected }: { readonly methods: readonly string[]; readonly expected: string },
): void {
  const given = value as Readonly<Record<string, unknown>> | null | undefined;
  const missing = methods.find((method) => typeof given?.[method] !== 'function');
  if (missing === undefined) return;
  const isObject = typeof value === 'object' && value !== null;
  throw new ArgumentError({
    where,
    argument,
    expected,
    actual: isObject ? `an object without ${missing}` : value === null ? 'null' : typeof value,
  });
}

/**
 * Checks the option `examples`, of which means are taken.
 * @throws ShapeError for another shape
 * @throws ArgumentError for no example at all
 */
export function checkTrainingExamples(where: string, examples: Tensor, shape: Shape): void {
  checkShape(where, 'examples', examples, ['n', ...shape]);
  checkInteger(where, 'the number of examples', examples.shape[0]);
}

/**
 * The examples and one-hot labels of a batch.
 * @throws ArgumentError or ShapeError for a batch without them
 */
export function labelledBatch(
  where: string,
  batch: ConditionedBatch,
  { shape, classes }: { readonly shape: Shape; readonly classes: number },
): ConditionedBatch {
  checkGiven(where, 'the batch', batch, 'to be { x, context } with one-hot labels');
  const { x, context } = splitBatch(batch);
  checkShape(where, 'x', x, ['n', ...shape]);
  if (context === undefined) {
    throw new ArgumentError({
      where,
      argument: 'the batch',
      expected: 'to be { x, context } with one-hot labels',
      actual: 'examples without labels',
      remedy: 'give fit the option batch: classContext({ classes })',
    });
  }
  checkShape(where, 'context', context, [x.shape[0]!, classes]);
  return { x, context };
}
