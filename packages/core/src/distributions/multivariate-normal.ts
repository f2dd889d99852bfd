import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { broadcastTo } from '../ops/broadcast-to';
import type { Key } from '../random/key';
import { broadcastShapes, formatShape, type Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { asTensor, pickParameter, shapeOf, scaleParameter, type Parameter, type Scale } from './parameters';
import { DiagonalFactor, LowerTriangularFactor, type ScaleFactor } from './scale-factor';

/**
 * The multivariate normal distribution (DGM App. B.1) with the covariance $\Sigma = L L^T$:
 * $\ln \mathcal{N}(x | \mu, \Sigma) = -\tfrac{D}{2} \ln 2\pi - \ln |\det L| - \tfrac12 \| L^{-1} (x - \mu) \|^2$.
 *
 * @example
 * ```ts
 * const p = MultivariateNormal.lowerTriangular(tf.zeros([2]), tf.tensor2d([[1, 0], [0.5, 1]]));
 * p.sample(key, [100]); // [100, 2]
 * ```
 */
export class MultivariateNormal extends BaseDistribution {
  readonly kind = 'MultivariateNormal';
  readonly reparameterized = true;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly location: Parameter;
  /** L, the factor of the covariance. */
  readonly factor: ScaleFactor;

  private constructor(location: Parameter, factor: ScaleFactor) {
    super();
    record(this, 'MultivariateNormal', arguments);
    const shape = shapeOf(location);
    checkThat(
      'MultivariateNormal',
      'mean',
      shape.length === 0 || shape.at(-1) === factor.size || shape.at(-1) === 1,
      {
        error: ShapeError,
        expected: `of shape ${formatShape(['...', factor.size])}`,
        actual: formatShape(shape),
      },
    );
    this.location = location;
    this.factor = factor;
    this.batchShape = broadcastShapes(shape.slice(0, -1), factor.batchShape);
    this.eventShape = [factor.size];
  }

  /**
   * Independent dimensions: $L = \mathrm{diag}(\sigma)$.
   * @param mean - `[..., D]`
   * @param std - positive, `[..., D]` or one number; or `{ logScale }`
   * @throws {@link ShapeError} if neither has an axis of dimensions
   */
  static diagonal(mean: Parameter, std: Scale): MultivariateNormal {
    const size = broadcastShapes(shapeOf(mean), shapeOf(scaleParameter(std))).at(-1);
    checkThat('MultivariateNormal.diagonal', 'mean', size !== undefined, {
      error: ShapeError,
      expected: 'of shape [..., D]',
      actual: 'a scalar',
      remedy: 'give one of the parameters as a vector, or use standardNormal([D])',
    });
    return new MultivariateNormal(mean, new DiagonalFactor(std, size));
  }

  /**
   * Any covariance, by its Cholesky factor.
   * @param mean - `[..., D]`, or one number for all dimensions
   * @param factor - L, `[..., D, D]` with a positive diagonal; what is above the diagonal is ignored
   * @throws {@link ShapeError} if the shapes do not fit
   */
  static lowerTriangular(mean: Parameter, factor: Tensor): MultivariateNormal {
    return new MultivariateNormal(mean, new LowerTriangularFactor(factor));
  }

  /** $\Sigma = L L^T$, `[...batch, D, D]`. */
  covariance(): Tensor {
    return tf.tidy(() => {
      const factor = this.factor.dense();
      return tf.matMul(factor, factor, false, true);
    });
  }

  pick(indices: Tensor): MultivariateNormal {
    const { batchShape, eventShape } = this;
    const location = broadcastTo(asTensor(this.location), [...batchShape, ...eventShape]);
    const mean = pickParameter(location, indices, this);
    return new MultivariateNormal(mean, this.factor.pick(indices, batchShape));
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const noise = key.normal([...sampleShape, ...this.batchShape, ...this.eventShape]);
    return tf.add(this.location, this.factor.multiply(noise));
  }

  protected logDensity(x: Tensor): Tensor {
    const z = this.factor.whiten(tf.sub(x, this.location));
    const squares = tf.sum(tf.square(z), -1);
    const logNormalizer = tf.add(this.factor.logDet(), this.factor.size * HALF_LOG_TWO_PI);
    return tf.neg(tf.add(tf.mul(0.5, squares), logNormalizer));
  }

  protected override closedEntropy(): Tensor {
    return tf.add(this.factor.logDet(), this.factor.size * (0.5 + HALF_LOG_TWO_PI));
  }

  protected override closedMean(): Parameter {
    return this.location;
  }

  protected override closedVariance(): Tensor {
    return tf.sum(tf.square(this.factor.dense()), -1);
  }

  protected override closedMode(): Parameter {
    return this.location;
  }
}

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
