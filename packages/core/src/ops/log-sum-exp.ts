import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { withGradient } from './differentiable';
import { checkOptions } from '../check/check';

/** The largest finite float32. */
const LARGEST = 3.4028234663852886e38;

/** Where to reduce: one axis or several, counted from the end if negative. */
export interface ReductionOptions {
  /** @defaultValue all axes */
  readonly axis?: number | readonly number[];
  /** Whether reduced axes stay, with size 1. */
  readonly keepDims?: boolean;
}

/**
 * $\log \sum_i e^{x_i}$ without overflow, with right gradients of every order.
 *
 * A slice that is -Infinity throughout gives -Infinity with gradient 0; +Infinity in a slice gives +Infinity, and the
 * infinite entries share the gradient.
 *
 * @param x - any shape.
 * @returns `x` without the axes reduced.
 */
export function logSumExp(x: Tensor, { axis, keepDims = false, ...unknown }: ReductionOptions = {}): Tensor {
  checkOptions('logSumExp', unknown, ['axis', 'keepDims']);
  const axes = tf.util.parseAxisParam(axis === undefined ? [] : ([axis].flat() as number[]), x.shape);
  const reduced = axis === undefined ? x.shape.map((_, index) => index) : axes;
  return tf.tidy(() => {
    const kept = withGradient(
      [x],
      ([x]) => {
        const total = tf.sum(shiftedExp(x!, reduced), reduced, true);
        return tf.add(tf.log(total), tf.max(x!, reduced, true));
      },
      (dy, [x]) => [tf.mul(dy, weights(x!, reduced))],
    );
    return keepDims ? kept : tf.squeeze(kept, reduced);
  });
}

/**
 * $e^{x_i} / \sum_j e^{x_j}$ along one axis, with right gradients of every order.
 * @param x - any shape; -Infinity gives 0, but at least one entry of a slice must be finite.
 * @returns a tensor of the shape of `x`, whose slices sum to 1.
 */
export function softmax(x: Tensor, { axis = -1, ...unknown }: { axis?: number } = {}): Tensor {
  checkOptions('softmax', unknown, ['axis']);
  const isLast = axis === -1 || axis === x.rank - 1;
  return tf.tidy(() =>
    withGradient(
      [x],
      ([x]) => (isLast ? tf.softmax(x!) : normalized(x!, [positive(axis, x!.rank)])),
      (dy, [x]) => [softmaxGradient(softmax(x!, { axis }), dy, [axis])],
    ),
  );
}

/**
 * $x_i - \log \sum_j e^{x_j}$ along one axis, with right gradients of every order.
 * @param x - any shape; -Infinity stays, but at least one entry of a slice must be finite.
 * @returns a tensor of the shape of `x`: log-probabilities in nats.
 */
export function logSoftmax(x: Tensor, { axis = -1, ...unknown }: { axis?: number } = {}): Tensor {
  checkOptions('logSoftmax', unknown, ['axis']);
  return tf.tidy(() =>
    withGradient(
      [x],
      ([x]) => {
        const shifted = tf.sub(x!, tf.max(x!, axis, true));
        return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), axis, true)));
      },
      (dy, [x]) => [tf.sub(dy, tf.mul(softmax(x!, { axis }), tf.sum(dy, axis, true)))],
    ),
  );
}

/** The gradient of {@link logSumExp}: softmax over several axes, 0 where all of a slice is -Infinity. */
function weights(x: Tensor, axes: number[]): Tensor {
  return withGradient(
    [x],
    ([x]) => normalized(x!, axes),
    (dy, [x]) => [softmaxGradient(weights(x!, axes), dy, axes)],
  );
}

function normalized(x: Tensor, axes: number[]): Tensor {
  const numerator = shiftedExp(x, axes);
  const total = tf.sum(numerator, axes, true);
  return tf.div(numerator, tf.add(total, tf.equal(total, 0)));
}

/** $e^{x_i - \max x}$, in which equal infinities cancel: the shift, and what it is taken from, are finite above. */
function shiftedExp(x: Tensor, axes: number[]): Tensor {
  const shift = tf.maximum(tf.minimum(tf.max(x, axes, true), LARGEST), -LARGEST);
  return tf.exp(tf.sub(tf.minimum(x, LARGEST), shift));
}

function softmaxGradient(probabilities: Tensor, dy: Tensor, axes: number[]): Tensor {
  const weighted = tf.mul(dy, probabilities);
  return tf.sub(weighted, tf.mul(probabilities, tf.sum(weighted, axes, true)));
}

function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
