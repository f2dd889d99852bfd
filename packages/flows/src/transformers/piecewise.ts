import { checkInteger, checkNumber, checkOptions, softmax, stopGradient } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** An interval that is divided into bins. Outside it the map is the identity. */
export interface PiecewiseOptions {
  /**
   * The number of bins.
   * @defaultValue 8
   */
  readonly bins?: number;
  /**
   * The left end of the interval, of data and of latents.
   * @defaultValue -4
   */
  readonly minimum?: number;
  /**
   * The right end.
   * @defaultValue 4
   */
  readonly maximum?: number;
  /**
   * The least that a bin gets of the interval, where 1 is what each gets if all are equal.
   * @defaultValue 0.01
   */
  readonly smallestShare?: number;
}

export interface Interval {
  readonly bins: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly width: number;
  readonly smallestShare: number;
}

/** @throws ArgumentError for an empty interval, no bins, or a smallest share that is not in (0, 1) */
export function intervalOf(
  { bins = 8, minimum = -4, maximum = 4, smallestShare = 1e-2, ...unknown }: PiecewiseOptions,
  where: string,
): Interval {
  checkOptions(where, unknown, ['bins', 'minimum', 'maximum', 'smallestShare']);
  checkInteger(where, 'bins', bins, { min: 2 });
  checkNumber(where, 'minimum', minimum);
  checkNumber(where, 'maximum', maximum, { above: minimum });
  checkNumber(where, 'smallestShare', smallestShare, { above: 0, below: 1 });
  return { bins, minimum, maximum, width: maximum - minimum, smallestShare };
}

/** Shares of the interval, `[..., bins]`, that add up to 1; none so small that a slope could overflow. */
export function shares(raw: Tensor, { bins, smallestShare }: Interval): Tensor {
  return tf.add(smallestShare / bins, tf.mul(1 - smallestShare, softmax(raw)));
}

/** The left ends of bins of the given sizes, `[..., bins]`. */
export function leftEnds(sizes: Tensor, minimum: number): Tensor {
  const bins = sizes.shape.at(-1)!;
  // A product with a triangle of ones: exact where a running sum on some backends is not, and quick to differentiate.
  const before = Float32Array.from({ length: bins * bins }, (_, index) =>
    Math.floor(index / bins) < index % bins ? 1 : 0,
  );
  const rows = tf.reshape(sizes, [-1, bins]);
  const sums = tf.matMul(rows, tf.tensor2d(before, [bins, bins]));
  return tf.add(minimum, tf.reshape(sums, sizes.shape));
}

/** For each x the bin that it lies in, one-hot `[..., bins]`, a constant to gradients. */
export function binOf(x: Tensor, ends: Tensor): Tensor {
  const reached = tf.cast(tf.greaterEqual(tf.expandDims(stopGradient(x), -1), stopGradient(ends)), 'float32');
  const bins = ends.shape.at(-1)!;
  // The bin whose left end is reached while that of the next one is not; the first and the last have no outer end.
  const first = tf.onesLike(tf.slice(reached, 0, [...reached.shape.slice(0, -1), 1]));
  const inner = tf.slice(
    reached,
    [...reached.shape.slice(0, -1).map(() => 0), 1],
    [...reached.shape.slice(0, -1), bins - 1],
  );
  const started = tf.concat([first, inner], -1);
  const passed = tf.concat([inner, tf.zerosLike(first)], -1);
  return tf.sub(started, passed);
}

/** The entry of `[..., bins]` that a one-hot bin stands for. */
export function pick(bin: Tensor, values: Tensor): Tensor {
  return tf.sum(tf.mul(bin, values), -1);
}

/** Whether x lies within the interval, and an x that does in any case. */
export function inside(x: Tensor, { minimum, maximum }: Interval): Tensor {
  return tf.logicalAnd(tf.greaterEqual(x, minimum), tf.lessEqual(x, maximum));
}

/** A number moved back between two others, where rounding may leave it beyond them; gradients are as if it had stayed. */
export function movedBetween(minimum: number, x: Tensor, maximum: number): Tensor {
  return tf.add(x, stopGradient(tf.sub(tf.clipByValue(x, minimum, maximum), x)));
}
