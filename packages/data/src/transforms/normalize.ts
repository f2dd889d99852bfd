import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError, checkOptions, formatShape, sizeOf, type Shape } from '@dgm/core';
import type { Examples } from '../dataset';

/** The affine map of a range onto [-1, 1], and what it does to a density. */
export interface Normalization {
  /** What becomes -1 and 1. */
  readonly range: readonly [low: number, high: number];
  /** $y = \text{scale} \cdot x + \text{shift}$. */
  readonly scale: number;
  readonly shift: number;
  /** $\log |\det \partial y / \partial x|$ of one example, in nats: $\log p(x) = \log q(y) + \text{logDet}$. */
  readonly logDet: number;
}

export interface NormalizationOptions {
  /** `[0, levels - 1]` for integers, `[0, levels]` for dequantized ones. */
  readonly range: readonly [low: number, high: number];
  /** The shape of one example. */
  readonly shape: Shape;
}

/**
 * Declares the map of a range onto [-1, 1].
 * @throws ArgumentError if the range is empty or not finite
 *
 * @example
 * ```ts
 * const map = normalization({ range: [0, 16], shape: [64] });
 * const scaled = normalize(data.train, map); // from -1 to 1
 * ```
 */
export function normalization(options: NormalizationOptions): Normalization {
  checkOptions('normalization', options, ['range', 'shape']);
  const { range, shape } = options;
  const [low, high] = range;
  const scale = 2 / (high - low);
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new ArgumentError({
      where: 'normalization',
      argument: 'range',
      expected: 'to be two finite numbers, the lower first',
      actual: formatShape(range),
    });
  }
  return { range, scale, shift: -(low + high) / (high - low), logDet: sizeOf(shape) * Math.log(scale) };
}

/**
 * Maps data onto [-1, 1]: $y = (2x - \text{low} - \text{high}) / (\text{high} - \text{low})$.
 *
 * Add `logDet` to a log-density of `y` to have that of `x`, before nats become bits per dimension.
 *
 * @returns float32 of the same shape: the caller owns a tensor
 */
export function normalize(data: Tensor, map: Normalization): Tensor;
export function normalize(data: Examples, map: Normalization): Examples;
export function normalize(data: Tensor | Examples, { scale, shift }: Normalization): Tensor | Examples {
  return affine(data, scale, shift);
}

/** Maps [-1, 1] back: the inverse of {@link normalize}. */
export function denormalize(data: Tensor, map: Normalization): Tensor;
export function denormalize(data: Examples, map: Normalization): Examples;
export function denormalize(data: Tensor | Examples, { scale, shift }: Normalization): Tensor | Examples {
  return affine(data, 1 / scale, -shift / scale);
}

function affine(data: Tensor | Examples, scale: number, shift: number): Tensor | Examples {
  if (!('values' in data)) return tf.tidy(() => tf.add(tf.mul(data, scale), shift));
  return {
    ...data,
    values: Float32Array.from(data.values as ArrayLike<number>, (value) => scale * value + shift),
  };
}
