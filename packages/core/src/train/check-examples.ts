import { ArgumentError, DomainError, ShapeError } from '../errors/dgm-error';
import { formatShape, sameShape, sizeOf, type Shape } from '../shape/shape';
import type { Examples } from './examples';

export interface CheckExamplesOptions {
  /** Who checks; starts the error's message. */
  readonly where?: string;
  /** What the examples are called in the error's message. */
  readonly argument?: string;
  /** Entries must be integers from 0 to `levels` - 1; any integers if it is Infinity. */
  readonly levels?: number | undefined;
  /** The shape that one example must have. */
  readonly shape?: Shape | undefined;
}

/**
 * Checks a data set before a model sees it.
 * @throws ArgumentError if it is empty or its parts differ in length
 * @throws ShapeError if its examples have another shape than asked for
 * @throws DomainError naming the first row with a value that is not finite or not one of the levels
 */
export function checkExamples(
  examples: Examples,
  { where = 'checkExamples', argument = 'examples', levels, shape }: CheckExamplesOptions = {},
): void {
  const { count, values, labels } = examples;
  if (!Number.isSafeInteger(count) || count < 1) {
    const remedy = 'check the split and the filters that made this set';
    throw new ArgumentError({
      where,
      argument,
      expected: 'to hold at least one example',
      actual: `${count}`,
      remedy,
    });
  }
  if (shape !== undefined && !sameShape(shape, examples.shape)) {
    throw new ShapeError({
      where,
      argument,
      expected: `of shape ${formatShape(shape)} each`,
      actual: formatShape(examples.shape),
      remedy: "give the model the data's shape, or reshape the data",
    });
  }
  const size = sizeOf(examples.shape);
  if (values.length !== count * size) {
    const expected = `to have ${count} x ${size} values`;
    throw new ArgumentError({ where, argument, expected, actual: `${values.length}` });
  }
  if (labels !== undefined && labels.length !== count) {
    throw new ArgumentError({
      where,
      argument,
      expected: `to have ${count} labels`,
      actual: `${labels.length}`,
    });
  }
  const bad = firstOutside(values, levels);
  if (bad === -1) return;
  const integers = levels === Infinity ? 'to be integers' : `to be integers from 0 to ${levels! - 1}`;
  throw new DomainError({
    where,
    argument,
    expected: levels === undefined ? 'to be finite' : integers,
    actual: `${values[bad]} in row ${Math.floor(bad / size)} at entry ${bad % size}`,
    remedy:
      levels === undefined
        ? 'remove or mend that row'
        : 'rescale the data, or give the number of levels it has',
  });
}

/** The index of the first value that is not finite or not one of the levels; -1 if there is none. */
function firstOutside(values: Examples['values'], levels: number | undefined): number {
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) return index;
    if (levels === undefined) continue;
    if (!Number.isInteger(value) || (levels < Infinity && (value < 0 || value >= levels))) return index;
  }
  return -1;
}
