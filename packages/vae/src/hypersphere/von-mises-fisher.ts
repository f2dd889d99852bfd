import {
  BaseDistribution,
  besselRatio,
  besselRatioGap,
  broadcastShapes,
  broadcastTo,
  logBesselGap,
  pickParameter,
} from '@dgm/core';
import type { Distribution, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { checkDimension, directions, logArea } from './hyperspherical-uniform';
import { drawAngle } from './draw-angle';

/** Replaces a divisor of 0. */
const TINY = 1e-20;

/**
 * The von Mises-Fisher distribution of unit vectors in d dimensions, $p(x) = C_d(\kappa)\, e^{\kappa \mu^\top x}$: what a normal
 * distribution with equal variances is on the sphere. Densities are per unit of area of the sphere.
 *
 * Draws come from a rejection sampler. Their gradient is the exact gradient of the distribution function and needs no
 * correction.
 * @see DGM §4.4.2.3, Eq. 4.66, 4.67. Hyperspherical Variational Auto-Encoders (Davidson et al., 2018)
 *
 * @example
 * ```ts
 * const q = new VonMisesFisher(tf.tensor2d([[1, 0, 0]]), tf.tensor1d([20]));
 * q.sample(key); // [1, 3], near the direction
 * ```
 */
export class VonMisesFisher extends BaseDistribution {
  readonly kind = 'VonMisesFisher';
  override readonly space = 'sphere';
  readonly reparameterized = true;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly #direction: Tensor;
  readonly #concentration: Tensor;

  /**
   * @param direction - `[...batch, d]`, not 0; its length does not matter
   * @param concentration - $\kappa$, `[...batch]`, 0 or more
   * @throws ArgumentError if d is less than 2
   */
  constructor(direction: Tensor, concentration: Tensor) {
    super();
    record(this, 'VonMisesFisher', arguments);
    const dims = direction.shape.at(-1) ?? 0;
    checkDimension('VonMisesFisher', dims);
    this.batchShape = broadcastShapes(direction.shape.slice(0, -1), concentration.shape);
    this.eventShape = [dims];
    this.#direction = direction;
    this.#concentration = concentration;
  }

  /** KL to the uniform distribution: $\kappa A + \ln C_d(\kappa) + \ln |S^{d-1}|$ (Eq. 4.68, whose print lacks A). */
  klDivergenceTo(other: Distribution): (() => Tensor) | undefined {
    const matches = other.kind === 'HypersphericalUniform' && other.eventShape[0] === this.#dims;
    return matches ? () => this.#information() : undefined;
  }

  pick(indices: Tensor): VonMisesFisher {
    const direction = pickParameter(this.#direction, indices, this);
    return new VonMisesFisher(
      direction,
      pickParameter(this.#concentration, indices, { batchShape: this.batchShape }),
    );
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const shape = [...sampleShape, ...this.batchShape];
    const kappa = broadcastTo(this.#concentration, this.batchShape);
    const angle = tf.expandDims(drawAngle(key.fold('angle'), kappa, { dims: this.#dims, sampleShape }), -1);
    const around = directions(key.fold('around'), [...shape, this.#dims - 1]);
    const upright = tf.concat([tf.cos(angle), tf.mul(tf.sin(angle), around)], -1);
    return toDirection(upright, this.#unit());
  }

  /** $-\frac{\kappa}{2} \|x - \mu\|^2$ is $\kappa (\mu^\top x - 1)$ for unit vectors, with all of its digits. */
  protected logDensity(x: Tensor): Tensor {
    const distance = tf.sum(tf.square(tf.sub(x, this.#unit())), -1);
    const peak = tf.sub(logBesselGap(this.#concentration, { order: this.#order }), logArea(this.#dims));
    return tf.sub(peak, tf.mul(tf.mul(0.5, this.#concentration), distance));
  }

  protected override closedEntropy(): Tensor {
    return tf.sub(logArea(this.#dims), this.#information());
  }

  /** $A \mu$. */
  protected override closedMean(): Tensor {
    const length = besselRatio(this.#concentration, { order: this.#order });
    return tf.mul(tf.expandDims(length, -1), this.#unit());
  }

  protected override closedMode(): Tensor {
    return this.#unit();
  }

  /** $\frac{A}{\kappa} (1 - \mu_i^2) + A' \mu_i^2$ with $A' = 1 - A^2 - (d - 1) A / \kappa$. */
  protected override closedVariance(): Tensor {
    const kappa = tf.add(this.#concentration, TINY);
    const across = tf.div(besselRatio(kappa, { order: this.#order }), kappa);
    const missing = tf.div(besselRatioGap(kappa, { order: this.#order }), kappa);
    const along = tf.sub(tf.mul(missing, tf.sub(2, missing)), tf.mul(this.#dims - 1, across));
    const share = tf.square(this.#unit());
    return tf.add(
      tf.mul(tf.expandDims(across, -1), tf.sub(1, share)),
      tf.mul(tf.expandDims(along, -1), share),
    );
  }

  /** $\kappa A - \ln \mathbb{E}_{\mathrm{Unif}}[e^{\kappa \mu^\top x}]$, from two gaps whose large parts are gone already. */
  #information(): Tensor {
    const options = { order: this.#order };
    return tf.sub(logBesselGap(this.#concentration, options), besselRatioGap(this.#concentration, options));
  }

  #unit(): Tensor {
    const squaredLength = tf.sum(tf.square(this.#direction), -1, true);
    return tf.div(this.#direction, tf.sqrt(tf.maximum(squaredLength, TINY)));
  }

  get #dims(): number {
    return this.eventShape[0]!;
  }

  /** Of the Bessel function. */
  get #order(): number {
    return this.#dims / 2 - 1;
  }
}

/**
 * Turns vectors around the first axis into vectors around a direction, by a reflection at the bisector of the direction and
 * the nearer end of the axis: it divides by 2 at least, where the usual one divides by 0 at the axis.
 * @param upright - `[...sample, ...batch, d]`
 * @param direction - unit vectors, `[...batch, d]`
 */
function toDirection(upright: Tensor, direction: Tensor): Tensor {
  const dims = direction.shape.at(-1)!;
  const axis = tf.oneHot(0, dims);
  const first = tf.sum(tf.mul(direction, axis), -1, true);
  const sign = tf.sub(tf.mul(2, tf.step(first, 0)), 1); // 1 above 0, else -1
  const bisector = tf.add(direction, tf.mul(sign, axis));
  const along = tf.sum(tf.mul(bisector, upright), -1, true);
  const halfSquaredNorm = tf.add(1, tf.mul(sign, first));
  return tf.mul(sign, tf.sub(tf.mul(bisector, tf.div(along, halfSquaredNorm)), upright));
}
