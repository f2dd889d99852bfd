import {
  ArgumentError,
  DomainError,
  formatShape,
  sameShape,
  ShapeError,
  sizeOf,
  type Shape,
} from '@dgm/core';
import { contentHash } from './internal/content-hash';

/** Examples of one shape, held on the host. */
export interface Examples {
  readonly count: number;
  /** The shape of one example. */
  readonly shape: Shape;
  /** `count * sizeOf(shape)` numbers, row-major: one example after the other. */
  readonly values: Float32Array | Int32Array | Uint8Array;
  /** One class per example. */
  readonly labels?: Int32Array;
}

/** The three parts of a data set: to learn from, to choose by, to report on. */
export interface Dataset {
  readonly name: string;
  readonly train: Examples;
  readonly validation: Examples;
  readonly test: Examples;
  /** How many values an entry can take: the integers 0 to `levels` - 1. Absent for continuous data. */
  readonly levels?: number;
  /** SHA-256 of the content, in hexadecimal: equal hashes mean equal values, labels, shapes and splits. */
  readonly sha256: string;
}

export interface DatasetOptions {
  readonly name: string;
  readonly train: Examples;
  readonly validation: Examples;
  readonly test: Examples;
  readonly levels?: number;
}

/**
 * A data set of one's own arrays, checked and with its hash.
 *
 * @param options.levels - for integer data, the number of values an entry can take
 * @throws ShapeError if the parts differ in shape, or an array in length from what its shape and count say
 * @throws ArgumentError if there is nothing to learn from
 * @throws DomainError at the first value that is not finite or, with `levels`, not an integer from 0 to `levels` - 1
 */
export function dataset({ name, train, validation, test, levels }: DatasetOptions): Dataset {
  const parts = { train, validation, test };
  for (const [part, examples] of Object.entries(parts))
    checkExamples(examples, train.shape, levels, `${name}.${part}`);
  if (train.count === 0) {
    throw new ArgumentError({
      where: 'dataset',
      argument: `${name}.train`,
      expected: 'to hold at least one example',
      actual: 'none',
    });
  }
  return { name, ...parts, ...(levels === undefined ? {} : { levels }), sha256: contentHash(parts) };
}

function checkExamples(examples: Examples, shape: Shape, levels: number | undefined, argument: string): void {
  const where = 'dataset';
  const size = sizeOf(shape);
  const { count, values, labels } = examples;
  if (!sameShape(examples.shape, shape)) {
    throw new ShapeError({
      where,
      argument: `${argument}.shape`,
      expected: `${formatShape(shape)}, as in train`,
      actual: formatShape(examples.shape),
    });
  }
  if (values.length !== count * size) {
    throw new ShapeError({
      where,
      argument: `${argument}.values`,
      expected: `of length ${count} * ${size}`,
      actual: String(values.length),
    });
  }
  if (labels !== undefined && labels.length !== count) {
    throw new ShapeError({
      where,
      argument: `${argument}.labels`,
      expected: `of length ${count}`,
      actual: String(labels.length),
    });
  }
  checkValues(values, size, levels, where, argument);
}

/** Finds the first value outside of the support, and says where it is. */
function checkValues(
  values: Examples['values'],
  size: number,
  levels: number | undefined,
  where: string,
  argument: string,
): void {
  const fits =
    levels === undefined
      ? Number.isFinite
      : (value: number) => Number.isInteger(value) && value >= 0 && value < levels;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (fits(value)) continue;
    throw new DomainError({
      where,
      argument: `${argument}.values`,
      expected: levels === undefined ? 'to be finite' : `to be integers from 0 to ${levels - 1}`,
      actual: `${value} at example ${Math.floor(index / size)}, entry ${index % size}`,
    });
  }
}
