import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../errors/dgm-error';
import type { DgmErrorDetails } from '../errors/dgm-error';
import { formatShape } from '../shape/shape';

/** The range of a number; an end that is left out is open. */
export interface Range {
  /** The smallest value that is allowed. */
  readonly min?: number;
  /** The largest value that is allowed. */
  readonly max?: number;
  /** The value must be larger than this. */
  readonly above?: number;
  /** The value must be smaller than this. */
  readonly below?: number;
}

/**
 * Checks that a value is an integer, at least 1 by default.
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkInteger(
  where: string,
  argument: string,
  value: unknown,
  range: Range = { min: 1 },
): void {
  if (Number.isSafeInteger(value) && isInside(value as number, range)) return;
  throw new ArgumentError({
    where,
    argument,
    expected: `to be an integer${inWords(range)}`,
    actual: show(value),
  });
}

/**
 * Checks a list of sizes, such as the shape of one example. Each is at least 1 by default.
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkSizes(
  where: string,
  argument: string,
  sizes: unknown,
  range: Range = { min: 1 },
): asserts sizes is readonly number[] {
  const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && isInside(size as number, range);
  if (Array.isArray(sizes) && sizes.every(isSize)) return;
  throw new ArgumentError({
    where,
    argument,
    expected: `to be a list of integers${inWords(range)}, such as [16]`,
    actual: show(sizes),
  });
}

/**
 * Checks that a value is a finite number in a range.
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkNumber(where: string, argument: string, value: unknown, range: Range = {}): void {
  if (Number.isFinite(value) && isInside(value as number, range)) return;
  throw new ArgumentError({
    where,
    argument,
    expected: `to be a number${inWords(range)}`,
    actual: show(value),
  });
}

/**
 * Checks that a value is one of the allowed names; the error suggests the closest one.
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkOneOf<T extends string>(
  where: string,
  argument: string,
  value: unknown,
  allowed: readonly T[],
): asserts value is T {
  if ((allowed as readonly unknown[]).includes(value)) return;
  const close = typeof value === 'string' ? closest(value, allowed) : undefined;
  throw new ArgumentError({
    where,
    argument,
    expected: `to be one of ${allowed.join(', ')}`,
    actual: show(value),
    ...(close !== undefined && { remedy: `did you mean "${close}"` }),
  });
}

/**
 * Checks that an options object has no unknown option, so that a misspelt name is an error.
 * @param options - all options, or those that are left after the known ones were taken out
 * @param known - the names of all options; the error suggests the closest
 * @param argument - what the error calls them: the name of an option that holds options of its own
 * @throws ArgumentError naming `where`, `argument` and the unknown option
 */
export function checkOptions(
  where: string,
  options: unknown,
  known: readonly string[],
  argument = 'options',
): void {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError({
      where,
      argument,
      expected: 'to be an object',
      actual: show(options),
    });
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const close = closest(unknown, known);
  throw new ArgumentError({
    where,
    argument,
    expected: known.length === 0 ? 'to be empty' : `to be among ${known.join(', ')}`,
    actual: `"${unknown}"`,
    ...(close !== undefined && { remedy: `did you mean "${close}"` }),
  });
}

/**
 * Checks what none of the other checks says: a relation between arguments, a property of a value. `actual` is made in any
 * case: it must not read a tensor.
 * @param holds - what has to be true
 * @param details - `expected` and `actual` of the error, for example `to be even` and `7`; `remedy`: what the reader can do;
 *   `error`: the class, {@link ArgumentError} by default
 * @throws ArgumentError, or the given error, naming `where` and `argument`
 * @example
 * ```ts
 * checkThat('pixelCnn', 'hidden', hidden % 2 === 0, { expected: 'to be even', actual: String(hidden) });
 * ```
 */
export function checkThat(
  where: string,
  argument: string,
  holds: unknown,
  {
    error: Refusal = ArgumentError,
    ...details
  }: Details & { readonly error?: new (details: DgmErrorDetails) => Error },
): asserts holds {
  if (!holds) throw new Refusal({ where, argument, ...details });
}

type Details = Required<Pick<DgmErrorDetails, 'expected' | 'actual'>> & Pick<DgmErrorDetails, 'remedy'>;

/**
 * Checks that a required argument is there.
 * @param expected - what it has to be, for example `to be an optimizer such as adam()`
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkGiven<T>(
  where: string,
  argument: string,
  value: T | undefined | null,
  expected: string,
): asserts value is T {
  if (value !== undefined && value !== null) return;
  throw new ArgumentError({ where, argument, expected, actual: String(value) });
}

/**
 * Checks that an argument is an array.
 * @param expected - what it has to be, for example `to be a list of penalties such as r1()`
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkArray(
  where: string,
  argument: string,
  value: unknown,
  expected: string,
): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new ArgumentError({ where, argument, expected, actual: show(value) });
}

/**
 * Checks that an argument has the methods of what it should be: a layer, a solver, a loss.
 * @param kind - `methods` by name, and `expected`, for example `to be a solver such as heun()`
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkMethods(
  where: string,
  argument: string,
  value: unknown,
  { methods, expected }: { readonly methods: readonly string[]; readonly expected: string },
): void {
  const missing = methods.find((name) => typeof Object(value)[name] !== 'function');
  if (missing === undefined) return;
  const isObject = typeof value === 'object' && value !== null;
  throw new ArgumentError({
    where,
    argument,
    expected,
    actual: isObject ? `an object without ${missing}` : show(value),
  });
}

/**
 * Checks the shape of a tensor against a pattern of sizes. A name stands for any size, and `...` at the front for any
 * number of axes.
 * @throws ShapeError naming `where` and `argument`
 * @example
 * ```ts
 * checkShape('Conv2d.apply', 'x', x, ['n', 'height', 'width', 3]);
 * ```
 */
export function checkShape(
  where: string,
  argument: string,
  x: Tensor,
  pattern: readonly (number | string)[],
): void {
  const actual: unknown = (x as Partial<Tensor> | undefined)?.shape;
  if (!Array.isArray(actual)) {
    throw new ArgumentError({
      where,
      argument,
      expected: `to be a tensor of shape ${formatShape(pattern)}`,
      actual: show(x),
    });
  }
  const tail = pattern[0] === '...' ? pattern.slice(1) : pattern;
  const lead = x.shape.length - tail.length;
  const fits =
    (tail === pattern ? lead === 0 : lead >= 0) &&
    tail.every((size, axis) => typeof size === 'string' || size === x.shape[lead + axis]);
  if (fits) return;
  const isSingle = pattern[0] === 'n' && x.shape.length === pattern.length - 1;
  throw new ShapeError({
    where,
    argument,
    expected: `of shape ${formatShape(pattern)}`,
    actual: formatShape(x.shape),
    ...(isSingle && { remedy: `add a batch axis with tf.expandDims(${argument}, 0)` }),
  });
}

/** The name with the fewest edits to `name`, if it takes at most a third of its letters. */
export function closest<T extends string>(name: string, candidates: readonly T[]): T | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(1, Math.ceil(name.length / 3))
    ? best.candidate
    : undefined;
}

/** Insertions, deletions, substitutions and exchanges of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const exchange =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? rows[i - 2]![j - 2]! + 1
          : Infinity;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substitution, exchange));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

function isInside(
  value: number,
  { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity }: Range,
): boolean {
  return value >= min && value <= max && value > above && value < below;
}

/** ` of at least 1`, ` from 0 to 4`, ` in (0, 1]`. */
function inWords({ min, max, above, below }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const low = min !== undefined ? `[${min}` : above !== undefined ? `(${above}` : undefined;
  const high = max !== undefined ? `${max}]` : below !== undefined ? `${below})` : undefined;
  if (low !== undefined && high !== undefined) return ` in ${low}, ${high}`;
  if (min !== undefined) return ` of at least ${min}`;
  if (max !== undefined) return ` of at most ${max}`;
  if (above !== undefined) return ` above ${above}`;
  return below === undefined ? '' : ` below ${below}`;
}

/** A value as an error prints it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  const { name } = Object.getPrototypeOf(value)?.constructor ?? Object;
  return name === 'Object' ? `{ ${Object.keys(value).join(', ')} }` : `an object of ${name}`;
}
