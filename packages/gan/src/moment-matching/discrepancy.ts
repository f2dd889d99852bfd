import {
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  checkShape,
  checkThat,
  formatShape,
  euclideanNorm,
  ShapeError,
  sizeOf,
  squaredMmd,
  withGradient,
} from '@dgm/core';
import type { Key, SquaredMmdOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkPart } from '../check';
import { record } from '../record';

/** A distance between two distributions that is estimated from draws of both, differentiable in the draws. */
export interface Discrepancy {
  readonly name: string;
  /**
   * The estimate from equally many draws of each, `[n, ...event]`. The caller owns it.
   * @throws ShapeError for too few points, or points of different shapes
   */
  between(x: Tensor, y: Tensor, key: Key): Scalar;
}

/**
 * The squared maximum mean discrepancy, {@link squaredMmd} of core. Give the kernel several widths, from the distance of near
 * examples to that of far ones: a single narrow kernel has no gradient far from all examples, and a wide one ignores details.
 * @throws ArgumentError if there is no kernel, or an option is unknown
 * @see Generative Moment Matching Networks (Li, Swersky and Zemel, 2015), Eq. 3 and §2.2
 *
 * @example
 * ```ts
 * const discrepancy = mmd({ kernel: gaussianKernel([0.5, 1, 2, 4]) });
 * const model = momentMatching({ latent: 2, generator: mlp([2, 64, 2], { key }), discrepancy });
 * ```
 */
export function mmd(options: SquaredMmdOptions): Discrepancy {
  checkOptions('mmd', options, ['kernel', 'estimator']);
  const { kernel } = options;
  const isOne = typeof kernel === 'function';
  checkPart('mmd', 'kernel', kernel, { isOne, expected: 'to be a kernel such as gaussianKernel([1, 2, 4])' });
  const discrepancy: Discrepancy = {
    name: 'mmd',
    between: (x, y) => {
      checkTensors('mmd', x, y);
      return squaredMmd(x, y, options);
    },
  };
  return record(discrepancy, 'mmd', arguments);
}

/**
 * The squared sliced Wasserstein distance: the squared 2-Wasserstein distance of the projections on a direction, averaged over
 * random directions. In one dimension it matches sorted points,
 *
 * $$\mathbb{E}_\theta\left[\frac1n \sum_i (\theta^T x_{(i)} - \theta^T y_{(i)})^2\right]$$
 *
 * Its estimate for equal distributions is above 0, by the noise of the draws.
 * @param options - `projections`, the number of directions (`@defaultValue 64`)
 * @see Generative Modeling using the Sliced Wasserstein Distance (Deshpande, Zhang and Schwing, 2018), Eq. 4
 *
 * @example
 * ```ts
 * const discrepancy = slicedWasserstein({ projections: 128 });
 * const model = momentMatching({ latent: 2, generator: mlp([2, 64, 2], { key }), discrepancy });
 * ```
 */
export function slicedWasserstein(options: { readonly projections?: number } = {}): Discrepancy {
  checkOptions('slicedWasserstein', options, ['projections']);
  const { projections = 64 } = options;
  checkInteger('slicedWasserstein', 'projections', projections);
  const discrepancy: Discrepancy = {
    name: 'slicedWasserstein',
    between: (x, y, key) =>
      tf.tidy(() => {
        const [a, b] = pairOf('slicedWasserstein', x, y);
        checkKey('slicedWasserstein', key);
        const directions = key.normal([a.shape[1]!, projections]);
        const theta = tf.div(directions, euclideanNorm(directions, { axis: 0, keepDims: true }));
        const sorted = (points: Tensor): Tensor => sortRows(tf.matMul(theta, points, true, true));
        return tf.mean<Scalar>(tf.square(tf.sub(sorted(a), sorted(b))));
      }),
  };
  return record(discrepancy, 'slicedWasserstein', arguments);
}

export interface SinkhornOptions {
  /** $\varepsilon$, in the unit of squared distances: small ones come near the squared 2-Wasserstein distance, but converge slowly. */
  readonly regularization: number;
  /** Updates of both potentials. @defaultValue 50 */
  readonly iterations?: number;
}

/**
 * The Sinkhorn divergence, an optimal transport distance with entropic regularization that is 0 for equal sets of points,
 *
 * $$S_\varepsilon(x, y) = W_\varepsilon(x, y) - \tfrac12 W_\varepsilon(x, x) - \tfrac12 W_\varepsilon(y, y), \quad
 * W_\varepsilon(x, y) = \min_\pi\, \langle \pi, C \rangle + \varepsilon\, \mathrm{KL}(\pi \,\|\, \tfrac1n \otimes \tfrac1n)$$
 *
 * with costs $C_{ij} = \|x_i - y_j\|^2$. It lies between the squared 2-Wasserstein distance ($\varepsilon \to 0$) and the squared
 * distance of the means ($\varepsilon \to \infty$).
 * @throws ArgumentError for an unknown option or one out of its range
 * @see Learning Generative Models with Sinkhorn Divergences (Genevay, Peyré and Cuturi, 2018); Interpolating between Optimal
 * Transport and MMD using Sinkhorn Divergences (Feydy et al., 2019), Eq. 3 and §3.1
 *
 * @example
 * ```ts
 * const discrepancy = sinkhornDivergence({ regularization: 0.1 });
 * const model = momentMatching({ latent: 2, generator: mlp([2, 64, 2], { key }), discrepancy });
 * ```
 */
export function sinkhornDivergence(options: SinkhornOptions): Discrepancy {
  const where = 'sinkhornDivergence';
  checkOptions(where, options, ['regularization', 'iterations']);
  const { regularization, iterations = 50 } = options;
  checkNumber(where, 'regularization', regularization, { above: 0 });
  checkInteger(where, 'iterations', iterations);
  const discrepancy: Discrepancy = {
    name: where,
    between: (x, y) =>
      tf.tidy(() => {
        const [a, b] = pairOf(where, x, y);
        const transport = (p: Tensor, q: Tensor): Scalar =>
          transportCost(squaredDistances(p, q), regularization, iterations);
        const within = tf.add(transport(a, a), transport(b, b));
        return tf.sub<Scalar>(transport(a, b), tf.mul(0.5, within));
      }),
  };
  return record(discrepancy, where, arguments);
}

/**
 * $W_\varepsilon$ by its dual, $\frac1n \sum_i f_i + \frac1n \sum_j g_j$, whose derivative with respect to the costs at the best
 * potentials is the plan, by the envelope theorem.
 */
function transportCost(costs: Tensor, epsilon: number, iterations: number): Scalar {
  const n = costs.shape[0]!;
  return withGradient(
    [costs],
    ([costs]) => {
      const { f, g } = potentials(costs!, epsilon, iterations);
      return tf.add(tf.mean(f), tf.mean(g));
    },
    (dy, [costs]) => {
      const { f, g } = potentials(costs!, epsilon, iterations);
      const plan = tf.div(tf.exp(tf.div(tf.sub(tf.add(f, g), costs!), epsilon)), n * n);
      return [tf.mul(dy, plan)];
    },
  ) as Scalar;
}

/** $f_i = -\varepsilon \ln \frac1n \sum_j e^{(g_j - C_{ij}) / \varepsilon}$, `[n, 1]`, and g alike, `[1, n]`. */
function potentials(
  costs: Tensor,
  epsilon: number,
  iterations: number,
): { readonly f: Tensor; readonly g: Tensor } {
  const softMin = (values: Tensor, axis: 0 | 1): Tensor => {
    const logSum = tf.logSumExp(tf.div(values, -epsilon), axis, true);
    return tf.mul(-epsilon, tf.sub(logSum, Math.log(costs.shape[0]!)));
  };
  let g: Tensor = tf.zeros([1, costs.shape[0]!]);
  let f = softMin(costs, 1);
  for (let iteration = 0; iteration < iterations; iteration++) {
    g = softMin(tf.sub(costs, f), 0);
    f = softMin(tf.sub(costs, g), 1);
  }
  return { f, g };
}

/** $\|a_i - b_j\|^2$, `[n, m]`; from the differences, since a product of matrices would cancel for points that are near. */
function squaredDistances(a: Tensor, b: Tensor): Tensor {
  return tf.sum(tf.square(tf.sub(tf.expandDims(a, 1), tf.expandDims(b, 0))), -1);
}

/** Each row of `[rows, n]`, largest first. */
function sortRows(values: Tensor): Tensor {
  return withGradient(
    [values],
    ([x]) => fromPlaces(x!, sortedPlaces(x!)),
    (dy, [x]) => {
      // The rank of each entry: the places in ascending order of the places, the inverse permutation.
      const places = tf.cast(sortedPlaces(x!), 'float32');
      return [fromPlaces(dy, sortedPlaces(tf.neg(places)))];
    },
  );
}

/** Where the entries of each row are that come first, second and so on, `[rows, n]`. */
function sortedPlaces(values: Tensor): Tensor {
  return tf.topk(values, values.shape[1]!).indices;
}

/** The entries of each row at the given places. */
function fromPlaces(values: Tensor, places: Tensor): Tensor {
  const [rows, n] = values.shape as [number, number];
  const starts = tf.reshape(tf.range(0, rows * n, n, 'int32'), [rows, 1]);
  return tf.gather(tf.reshape(values, [-1]), tf.add(places, starts));
}

function checkTensors(where: string, x: Tensor, y: Tensor): void {
  for (const [name, points] of Object.entries({ x, y })) checkShape(where, name, points, ['...']);
}

/** Both sets of points flat, `[n, size of an event]`. */
function pairOf(where: string, x: Tensor, y: Tensor): [Tensor, Tensor] {
  checkTensors(where, x, y);
  const shape = x.shape;
  checkThat(where, 'x and y', shape.length >= 1 && shape[0]! >= 1 && String(shape) === String(y.shape), {
    error: ShapeError,
    expected: 'of one shape [n, ...event] with n at least 1',
    actual: `${formatShape(shape)} and ${formatShape(y.shape)}`,
  });
  const flat = [shape[0]!, sizeOf(shape.slice(1))] as [number, number];
  return [tf.reshape(x, flat), tf.reshape(y, flat)];
}
