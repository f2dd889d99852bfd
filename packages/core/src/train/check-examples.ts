import { checkInteger, show } from '../check/check';
import { ArgumentError, DomainError, ShapeError } from '../errors/dgm-error';
import { formatShape, sameShape, sizeOf, type Shape } from '../shape/shape';
import type { Examples } from './examples';

export interface CheckExamplesOptions {
  /** The name of the calling function in error messages. */
  readonly where?: string;
  /** The name of the examples in error messages. */
  readonly argument?: string;
  /** Entries must be integers from 0 to `levels` - 1; any integers if it is Infinity. */
  readonly levels?: number | undefined;
  /** The shape that one example must have. */
  readonly shape?: Shape | undefined;
}

/**
 * Checks a data set before a model sees it.
 * @throws ArgumentError if it is no data set, is empty, or its parts differ in length
 * @throws ShapeError if its examples have another shape than asked for
 * @throws DomainError naming the first row with a value that is not finite or not one of the levels
 */
export function checkExamples(
  examples: Examples,
  { where = 'checkExamples', argument = 'examples', levels, shape }: CheckExamplesOptions = {},
): void {
  const refuse = (expected: string, actual: string, remedy?: string): never => {
    throw new ArgumentError({ where, argument, expected, actual, ...(remedy && { remedy }) });
  };
  const given: unknown = examples;
  if (typeof given !== 'object' || given === null || Array.isArray(given) || !('values' in given)) {
    refuse('to be examples: { count, shape, values }', kindOf(given));
  }
  const { count, values, labels, weights } = examples;
  if (!isValues(values)) {
    const remedy = 'copy the numbers into one Float32Array, example after example';
    refuse('to have values in a Float32Array, Int32Array or Uint8Array', kindOf(values), remedy);
  }
  if (!Number.isSafeInteger(count) || count < 1) {
    const remedy = 'check the split and the filters that made this set';
    refuse('to hold at least one example', `${count}`, remedy);
  }
  if (!Array.isArray(examples.shape)) refuse('to have a shape', show(examples.shape));
  examples.shape.forEach((size) => checkInteger(where, `shape of ${argument}`, size, { min: 0 }));
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
  if (values.length !== count * size) refuse(`to have ${count} x ${size} values`, `${values.length}`);
  if (labels !== undefined && Object.prototype.toString.call(labels) !== '[object Int32Array]') {
    refuse('to have labels in an Int32Array', kindOf(labels));
  }
  if (labels !== undefined && labels.length !== count) refuse(`to have ${count} labels`, `${labels.length}`);
  if (weights !== undefined) checkWeights(weights, count, refuse);
  const bad = firstOutside(values, levels);
  if (bad === -1) return;
  const integers = levels === Infinity ? 'to be integers' : `to be integers from 0 to ${levels! - 1}`;
  throw new DomainError({
    where,
    argument,
    expected: levels === undefined ? 'to be finite' : integers,
    actual: `${values[bad]} in row ${Math.floor(bad / size)} at entry ${bad % size}`,
    remedy: adviceFor(values, levels),
  });
}

/** Suggests a remedy for values that do not fit a model of `levels` values, from the range of all values. */
function adviceFor(values: Examples['values'], levels: number | undefined): string {
  let [smallest, largest, areIntegers] = [Infinity, -Infinity, true];
  for (const value of values) {
    if (!Number.isFinite(value)) return 'remove or mend that row';
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
    areIntegers &&= Number.isInteger(value);
  }
  if (levels === undefined || levels === Infinity) return 'round the data';
  if (areIntegers) {
    if (smallest < 0) return `subtract the smallest value, ${smallest}, from the data`;
    const wider = `give the model's head levels: ${largest + 1}, as the largest value is ${largest}`;
    return levels === 2 ? `binarize the data, or use categoricalHead and ${wider}` : wider;
  }
  if (smallest >= 0 && largest <= 1) {
    return levels === 2
      ? 'binarize the data, or use continuousBernoulliHead for values between 0 and 1'
      : `multiply data between 0 and 1 by ${levels - 1} and round them`;
  }
  return 'round the data to levels, or use a head for real numbers, such as normalHead';
}

/** A value as an error names it; an array may be long. */
function kindOf(value: unknown): string {
  return Array.isArray(value) ? `an array of length ${value.length}` : show(value);
}

/** Accepts typed arrays of other realms (a worker, a test runner). */
function isValues(values: unknown): values is Examples['values'] {
  const name = Object.prototype.toString.call(values);
  return ['[object Float32Array]', '[object Int32Array]', '[object Uint8Array]'].includes(name);
}

function checkWeights(
  weights: Float32Array,
  count: number,
  refuse: (expected: string, actual: string) => never,
): void {
  if (weights.length !== count) refuse(`to have ${count} weights`, `${weights.length}`);
  const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (bad !== -1) refuse('to have weights that are finite and not negative', `${weights[bad]} in row ${bad}`);
  if (weights.every((weight) => weight === 0)) refuse('to have a weight above 0', 'zeros');
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
