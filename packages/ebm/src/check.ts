import { ArgumentError, checkInteger, checkShape } from '@dgm/core';
import type { Shape } from '@dgm/core';
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
