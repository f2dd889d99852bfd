import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { DomainError, formatShape, ShapeError, sizeOf } from '@dgm/core';
import type { Examples } from '../dataset';

/** A shift and a scale for each entry of an example, and what they do to a density. */
export interface Standardization {
  /** The mean of each entry, `[size]`. */
  readonly mean: Float64Array;
  /** The standard deviation of each entry, `[size]`. */
  readonly std: Float64Array;
  /**
   * $\log |\det \partial y / \partial x| = -\sum_i \log \sigma_i$ of one example, in nats:
   * $\log p(x) = \log q(y) + \text{logDet}$. Subtract it from the nats of `evaluate` to have those of the data's units.
   */
  readonly logDet: number;
}

/**
 * The mean and the standard deviation of each entry over the examples; sums in doubles.
 * @throws DomainError at the first entry that is constant
 *
 * @example
 * ```ts
 * const points = planeDataset(twoMoons(), { key });
 * const map = standardization(points.train);
 * const standardized = standardize(points.train, map); // mean 0 and variance 1
 * ```
 */
export function standardization(examples: Examples): Standardization {
  const { count, shape, values } = examples;
  const size = sizeOf(shape);
  const mean = new Float64Array(size);
  const std = new Float64Array(size);
  for (let entry = 0; entry < size; entry++) {
    let sum = 0;
    for (let row = 0; row < count; row++) sum += values[row * size + entry]!;
    mean[entry] = sum / count;
    let squares = 0;
    for (let row = 0; row < count; row++) squares += (values[row * size + entry]! - mean[entry]!) ** 2;
    std[entry] = Math.sqrt(squares / count);
    if (!(std[entry]! > 0)) {
      throw new DomainError({
        where: 'standardization',
        argument: `column ${entry}`,
        expected: 'to have more than one value',
        actual: `${mean[entry]} in every row`,
        remedy: 'leave it out',
      });
    }
  }
  return { mean, std, logDet: -std.reduce((sum, value) => sum + Math.log(value), 0) };
}

/**
 * Shifts and scales data to mean 0 and variance 1: $y = (x - \mu) / \sigma$ for each entry.
 * @returns float32 of the same shape: the caller owns a tensor
 * @throws ShapeError if an example has another number of entries
 */
export function standardize(data: Tensor, map: Standardization): Tensor;
export function standardize(data: Examples, map: Standardization): Examples;
export function standardize(data: Tensor | Examples, { mean, std }: Standardization): Tensor | Examples {
  if ('values' in data)
    return mapEntries(data, mean.length, (value, entry) => (value - mean[entry]!) / std[entry]!);
  const shape = exampleShape(data, mean.length);
  return tf.tidy(() => tf.div(tf.sub(data, asTensor(mean, shape)), asTensor(std, shape)));
}

/** Maps standardized data back: the inverse of {@link standardize}. */
export function destandardize(data: Tensor, map: Standardization): Tensor;
export function destandardize(data: Examples, map: Standardization): Examples;
export function destandardize(data: Tensor | Examples, { mean, std }: Standardization): Tensor | Examples {
  if ('values' in data)
    return mapEntries(data, mean.length, (value, entry) => value * std[entry]! + mean[entry]!);
  const shape = exampleShape(data, mean.length);
  return tf.tidy(() => tf.add(tf.mul(data, asTensor(std, shape)), asTensor(mean, shape)));
}

function mapEntries(
  examples: Examples,
  size: number,
  map: (value: number, entry: number) => number,
): Examples {
  checkSize(examples.shape, size);
  const values = Float32Array.from(examples.values as ArrayLike<number>, (value, index) =>
    map(value, index % size),
  );
  return { ...examples, values };
}

/** The shape of one example of a batch. */
function exampleShape(x: Tensor, size: number): number[] {
  const shape = x.shape.slice(1);
  checkSize(shape, size);
  return shape;
}

function checkSize(shape: readonly number[], size: number): void {
  if (sizeOf(shape) === size) return;
  throw new ShapeError({
    where: 'standardize',
    argument: 'data',
    expected: `to have ${size} entries per example`,
    actual: formatShape(shape),
  });
}

function asTensor(values: Float64Array, shape: number[]): Tensor {
  return tf.tensor(Float32Array.from(values), shape, 'float32');
}
