import {
  BaseDistribution,
  broadcastShapes,
  checkInteger,
  checkOptions,
  distributionHead,
  Independent,
  klDivergence,
  Normal,
  pickParameter,
  sameShape,
  selectByMask,
  stopGradient,
  unstack,
} from '@dgm/core';
import type { Distribution, DistributionHead, Key, Scale, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { vectorSize } from './vector-size';

/**
 * A normal with a diagonal covariance, reflected T times: $z = H_T \cdots H_1 z_0$ with
 * $H_t = I - 2 v_t v_t^T / \|v_t\|^2$, which is a normal with a full covariance. Reflections preserve volumes, so the
 * density of z is that of $z_0$.
 *
 * @example
 * ```ts
 * const q = new HouseholderNormal(tf.zeros([4, 8]), tf.ones([4, 8]), key.normal([4, 2, 8])); // two reflections
 * q.sample(key); // [4, 8]
 * ```
 */
export class HouseholderNormal extends BaseDistribution {
  readonly kind = 'HouseholderNormal';
  readonly reparameterized = true;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly #start: Independent;
  readonly #vectors: Tensor;

  /**
   * @param mean - of $z_0$, `[..., M]`
   * @param std - of $z_0$, `[..., M]`, or `{ logScale }`
   * @param vectors - $v_t$, `[..., T, M]`
   */
  constructor(mean: Tensor, std: Scale, vectors: Tensor) {
    super();
    record(this, 'HouseholderNormal', arguments);
    this.#start = new Independent(new Normal(mean, std), 1);
    this.#vectors = vectors;
    this.batchShape = broadcastShapes(this.#start.batchShape, vectors.shape.slice(0, -2));
    this.eventShape = this.#start.eventShape;
  }

  /** KL to the standard normal, which no rotation and no reflection changes. */
  klDivergenceTo(other: Distribution): (() => Tensor) | undefined {
    return isStandardNormal(other) ? () => klDivergence(this.#start, other) : undefined;
  }

  pick(indices: Tensor): HouseholderNormal | undefined {
    if (!sameShape(this.#start.batchShape, this.batchShape)) return undefined;
    const start = this.#start.pick(indices)!.base as Normal;
    const eventShape = this.#vectors.shape.slice(-2);
    const vectors = pickParameter(this.#vectors, indices, { batchShape: this.batchShape, eventShape });
    return new HouseholderNormal(start.location as Tensor, start.scale, vectors);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.#reflect(this.#start.sample(key, sampleShape), this.#reflections());
  }

  protected logDensity(z: Tensor): Tensor {
    return this.#start.logProb(this.#reflect(z, this.#reflections().reverse())); // each H is its own inverse
  }

  protected override closedEntropy(): Tensor {
    return this.#start.entropy();
  }

  protected override closedMean(): Tensor {
    return this.#reflect(this.#start.mean(), this.#reflections());
  }

  protected override closedMode(): Tensor {
    return this.closedMean();
  }

  /** The diagonal of $U \mathrm{diag}(\sigma^2) U^T$: squares of the reflected axes, `[M, ..., M]`, added up. */
  protected override closedVariance(): Tensor {
    const std = tf.sqrt(this.#start.variance());
    const size = this.eventShape[0]!;
    const axes = tf.reshape(tf.eye(size), [size, ...std.shape.slice(1).map(() => 1), size]);
    return tf.sum(tf.square(this.#reflect(tf.mul(axes, std), this.#reflections())), 0);
  }

  /**
   * $u_t = \sqrt 2\, v_t / \|v_t\|$, `[..., M]` each, with which $H_t = I - u_t u_t^T$; 0 for a vector of zeros, which
   * reflects nothing. Dividing by the largest entry first keeps squares from overflowing and from vanishing.
   */
  #reflections(): Tensor[] {
    const largest = stopGradient(tf.max(tf.abs(this.#vectors), -1, true));
    const isZero = tf.equal(largest, 0);
    const direction = tf.div(this.#vectors, selectByMask(isZero, 1, largest));
    const length = tf.sqrt(selectByMask(isZero, 1, tf.sum(tf.square(direction), -1, true)));
    const scaled = tf.mul(Math.SQRT2, tf.div(direction, length));
    return unstack(scaled, -2);
  }

  #reflect(z: Tensor, reflections: readonly Tensor[]): Tensor {
    return reflections.reduce(
      (reflected, u) => tf.sub(reflected, tf.mul(u, tf.sum(tf.mul(u, reflected), -1, true))),
      z,
    );
  }
}

export interface HouseholderOptions {
  /** `[M]`. */
  readonly shape: readonly [number];
  /** T, the number of reflections. With M of them every covariance is possible. */
  readonly reflections: number;
}

/**
 * A posterior by Householder flow. For z with M dimensions the network outputs the mean and the log-variance of
 * $z_0$, followed by T vectors, `[n, (2 + T) M]`. (In the paper each vector is computed from the one before.)
 * @throws ArgumentError if z is no vector, or `reflections` no integer of at least 0
 * @see DGM §4.4.2, Eq. 4.58, 4.59. Improving VAEs using Householder Flow (Tomczak and Welling, 2016)
 *
 * @example
 * ```ts
 * const posterior = householder({ shape: [8], reflections: 4 });
 * const model = vae({
 *   encoder: mlp([64, 64, posterior.numParameters], { key: key.fold('encoder') }), // (2 + 4) * 8
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior,
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function householder({ shape, reflections, ...unknown }: HouseholderOptions): DistributionHead {
  checkOptions('householder', unknown, ['shape', 'reflections']);
  checkInteger('householder', 'reflections', reflections, { min: 0 });
  const size = vectorSize('householder', shape);
  const numParameters = (2 + reflections) * size;
  const head = distributionHead({
    name: 'householder',
    numParameters,
    eventShape: shape,
    build: (parameters) => {
      const [mean, logVariance, vectors] = tf.split(parameters, [size, size, reflections * size], 1);
      return new HouseholderNormal(
        mean!,
        { logScale: tf.mul(0.5, logVariance!) },
        tf.reshape(vectors!, [-1, reflections, size]),
      );
    },
  });
  return record(head, 'householder', arguments);
}

function isStandardNormal(distribution: Distribution): boolean {
  const { base } = distribution as Independent;
  if (distribution.kind !== 'Independent' || base.kind !== 'Normal') return false;
  const { location, scale } = base as Normal;
  return location === 0 && scale === 1;
}
