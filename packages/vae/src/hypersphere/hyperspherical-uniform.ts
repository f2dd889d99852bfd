import { BaseDistribution, checkThat, type Key, type Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * The uniform distribution of unit vectors in $\mathbb{R}^d$: the prior of a spherical latent space.
 *
 * Densities are per unit of area of the sphere $S^{d-1}$; the length of a vector is not checked.
 * @see DGM §4.4.2.3
 *
 * @example
 * ```ts
 * const prior = new HypersphericalUniform(10);
 * prior.sample(key, [100]); // [100, 10], of length 1
 * ```
 */
export class HypersphericalUniform extends BaseDistribution {
  readonly kind = 'HypersphericalUniform';
  override readonly space = 'sphere';
  readonly reparameterized = true;
  readonly batchShape: Shape = [];
  readonly eventShape: Shape;

  /**
   * @param dims - d, 2 or more
   * @throws ArgumentError if it is not
   */
  constructor(dims: number) {
    super();
    record(this, 'HypersphericalUniform', arguments);
    checkDimension('HypersphericalUniform', dims);
    this.eventShape = [dims];
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return directions(key, [...sampleShape, ...this.eventShape]);
  }

  protected logDensity(x: Tensor): Tensor {
    return tf.fill(x.shape.slice(0, -1), -logArea(this.eventShape[0]!));
  }

  protected override closedEntropy(): number {
    return logArea(this.eventShape[0]!);
  }

  protected override closedMean(): number {
    return 0;
  }

  protected override closedVariance(): number {
    return 1 / this.eventShape[0]!;
  }
}

/** Uniformly random unit vectors along the last axis. */
export function directions(key: Key, shape: Shape): Tensor {
  const normal = key.normal(shape);
  return tf.div(normal, tf.sqrt(tf.sum(tf.square(normal), -1, true)));
}

/** $\ln \frac{2 \pi^{d/2}}{\Gamma(d/2)}$, the logarithm of the area of the unit sphere in d dimensions. */
export function logArea(dims: number): number {
  // Area of the circle or of the sphere, and then S^{d+1} = S^{d-1} 2 pi / d.
  let area = dims % 2 === 0 ? Math.log(2 * Math.PI) : Math.log(4 * Math.PI);
  for (let d = dims % 2 === 0 ? 2 : 3; d < dims; d += 2) area += Math.log((2 * Math.PI) / d);
  return area;
}

/** A sphere of directions needs a space of two dimensions. */
export function checkDimension(where: string, dims: number): void {
  checkThat(where, 'dims', Number.isInteger(dims) && dims >= 2, {
    expected: 'to be an integer of at least 2',
    actual: String(dims),
    remedy: 'the sphere in d dimensions has d - 1 of its own',
  });
}
