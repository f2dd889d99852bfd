import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkNumber, checkOneOf, checkOptions, checkShape, checkThat } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { exp } from '../ops/activations';
import { formatShape } from '../shape/shape';
import { readPoints, squaredDistances } from './distances';

/**
 * Which estimate: `unbiased` leaves out the terms of a point with itself, is 0 on average for equal distributions and may be
 * negative; `biased` keeps them, is the squared distance of the mean embeddings and never negative.
 */
export type MmdEstimator = 'unbiased' | 'biased';

export interface MmdOptions {
  /** Standard deviations $\ell$ of the kernel, summed over several. @defaultValue the median distance between pairs of both sets */
  readonly bandwidth?: number | readonly number[];
  /** @defaultValue 'unbiased' */
  readonly estimator?: MmdEstimator;
}

/**
 * Squared maximum mean discrepancy of two samples under the kernel $k(a, b) = \sum_\ell e^{-\|a - b\|^2 / 2\ell^2}$, unbiased:
 * $\frac{\sum_{i \ne j} k(x_i, x_j)}{n(n-1)} + \frac{\sum_{i \ne j} k(y_i, y_j)}{m(m-1)} - \frac{2 \sum_{ij} k(x_i, y_j)}{nm}$.
 *
 * Computed on the host in doubles, in time that grows with $(n + m)^2$. {@link squaredMmd} is the same as a loss.
 * @param x - `[n, ...event]`, n at least 2
 * @param y - `[m, ...event]`, m at least 2
 * @returns 0 on average for equal distributions; may be negative
 * @throws {@link ShapeError} for too few points, or points of different sizes; {@link ArgumentError} for a bandwidth of 0.
 * @see A kernel two-sample test (Gretton et al., 2012), Eq. 3 (unbiased) and 5 (biased)
 */
export async function maximumMeanDiscrepancy(
  x: Tensor,
  y: Tensor,
  { bandwidth, estimator = 'unbiased', ...unknown }: MmdOptions = {},
): Promise<number> {
  const where = 'maximumMeanDiscrepancy';
  checkOptions(where, unknown, ['bandwidth', 'estimator']);
  checkOneOf(where, 'estimator', estimator, ESTIMATORS);
  const [a, b] = await readPoints(where, { x, y }, 2);
  const [all, between] = [
    [a!, b!].map((points) => squaredDistances(points, points)),
    squaredDistances(a!, b!),
  ];
  const pairs = all.map((distances, side) =>
    distances.filter((_, index) => index % ([a!, b!][side]!.count + 1) !== 0),
  );
  const widths = bandwidth === undefined ? [Math.sqrt(median([...pairs, between]))] : [bandwidth].flat();
  for (const width of widths) checkBandwidth(where, width, bandwidth === undefined);
  const within = estimator === 'biased' ? all : pairs;
  const [xx, yy, xy] = [...within, between].map((distances) => meanKernel(distances, widths));
  return xx! + yy! - 2 * xy!;
}

const ESTIMATORS = ['unbiased', 'biased'] as const;

function checkBandwidth(where: string, width: number, isMedian: boolean): void {
  checkThat(where, 'bandwidth', !isMedian || width > 0, {
    expected: 'to be positive',
    actual: '0',
    remedy: 'give a bandwidth: most points are equal',
  });
  return checkNumber(where, 'bandwidth', width, { above: 0 });
}

function meanKernel(distances: Float64Array, widths: readonly number[]): number {
  const sum = distances.reduce(
    (total, distance) =>
      total + widths.reduce((kernels, width) => kernels + Math.exp((-0.5 * distance) / width ** 2), 0),
    0,
  );
  return sum / distances.length;
}

function median(parts: readonly Float64Array[]): number {
  const all = new Float64Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all.sort()[all.length >> 1]!;
}

/** A kernel that depends on the squared distance of two points only, elementwise and differentiable. */
export type RadialKernel = (squaredDistances: Tensor) => Tensor;

/**
 * $\sum_\ell e^{-\|a - b\|^2 / 2 \ell^2}$ for the standard deviations $\ell$.
 *
 * @example
 * ```ts
 * const kernel = gaussianKernel([0.5, 1, 2]);
 * squaredMmd(key.fold(0).normal([100, 2]), key.fold(1).normal([100, 2]), { kernel }); // near 0
 * ```
 */
export function gaussianKernel(bandwidths: readonly number[]): RadialKernel {
  bandwidths.forEach((width) => checkNumber('gaussianKernel', 'bandwidths', width, { above: 0 }));
  return record(
    (distances) => tf.addN(bandwidths.map((width) => exp(tf.mul(-0.5 / width ** 2, distances)))),
    'gaussianKernel',
    arguments,
  );
}

/**
 * $\sum_c \frac{c}{c + \|a - b\|^2}$ for the constants c: its tails are heavier than a Gaussian's, so that far points still attract.
 *
 * @example
 * ```ts
 * const kernel = inverseMultiquadraticKernel([1, 4]);
 * squaredMmd(key.fold(0).normal([100, 2]), key.fold(1).normal([100, 2]), { kernel }); // near 0
 * ```
 */
export function inverseMultiquadraticKernel(constants: readonly number[]): RadialKernel {
  constants.forEach((c) => checkNumber('inverseMultiquadraticKernel', 'constants', c, { above: 0 }));
  return record(
    (distances) => tf.addN(constants.map((c) => tf.div(c, tf.add(distances, c)))),
    'inverseMultiquadraticKernel',
    arguments,
  );
}

export interface SquaredMmdOptions {
  readonly kernel: RadialKernel;
  /** @defaultValue 'unbiased' */
  readonly estimator?: MmdEstimator;
}

/**
 * The squared maximum mean discrepancy of {@link maximumMeanDiscrepancy} as a differentiable scalar: the loss of moment-matching
 * networks and of Wasserstein auto-encoders.
 * @param x - `[n, ...event]`, n at least 2
 * @param y - `[m, ...event]`, m at least 2
 * @throws {@link ShapeError} for too few points, or points of different shapes.
 * @see Generative Moment Matching Networks (Li, Swersky and Zemel, 2015), Eq. 3
 */
export function squaredMmd(
  x: Tensor,
  y: Tensor,
  { kernel, estimator = 'unbiased', ...unknown }: SquaredMmdOptions,
): Scalar {
  const where = 'squaredMmd';
  checkOptions(where, unknown, ['kernel', 'estimator']);
  checkOneOf(where, 'estimator', estimator, ESTIMATORS);
  checkShape(where, 'x', x, ['...']);
  checkShape(where, 'y', y, ['...']);
  const [n = 0, m = 0] = [x.shape[0], y.shape[0]];
  checkThat(where, 'x and y', n >= 2 && m >= 2 && String(x.shape.slice(1)) === String(y.shape.slice(1)), {
    error: ShapeError,
    expected: 'of shapes [n, ...event] and [m, ...event] with n and m at least 2',
    actual: `${formatShape(x.shape)} and ${formatShape(y.shape)}`,
    remedy: 'choose a batch size that leaves no last batch of one',
  });
  return tf.tidy(() => {
    const [a, b] = [tf.reshape(x, [n, -1]), tf.reshape(y, [m, -1])];
    const within = (points: Tensor, count: number): Tensor => {
      const sum = tf.sum(kernel(distances(points, points)));
      if (estimator === 'biased') return tf.div(sum, count ** 2);
      return tf.div(tf.sub(sum, tf.mul(count, kernel(tf.scalar(0)))), count * (count - 1));
    };
    const between = tf.mean(kernel(distances(a, b)));
    return tf.sub<Scalar>(tf.add(within(a, n), within(b, m)), tf.mul(2, between));
  });
}

/** $\|a_i - b_j\|^2$, `[n, m]`; from the differences, since a product of matrices would cancel for points that are near. */
function distances(a: Tensor, b: Tensor): Tensor {
  return tf.sum(tf.square(tf.sub(tf.expandDims(a, 1), tf.expandDims(b, 0))), -1);
}
