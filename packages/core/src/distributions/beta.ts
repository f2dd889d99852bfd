import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { digamma, lgamma } from '../ops/gamma';
import { log1p } from '../ops/log-arithmetic';
import { select } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { logGammaDraws, SMALLEST } from './host-gamma';
import {
  asTensor,
  batchShapeOf,
  requirePositive,
  type BatchShapeOptions,
  type Parameter,
} from './parameters';
import { onSupport, openInterval } from './support';

/**
 * The beta distribution (DGM App. B.1): $\ln p(x) = (a - 1) \ln x + (b - 1) \ln(1 - x) - \ln B(a, b)$ for $0 < x < 1$.
 *
 * Draws come from a rejection sampler on the host, which reads the parameters; no gradient flows through them.
 */
export class Beta extends BaseDistribution {
  readonly kind = 'Beta';
  readonly eventShape: Shape = [];
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly alpha: Parameter;
  readonly beta: Parameter;

  /**
   * @param alpha - a > 0, one more than the power of x
   * @param beta - b > 0, one more than the power of 1 - x
   * @throws {@link ArgumentError} if one is a number that is not positive
   */
  constructor(alpha: Parameter, beta: Parameter, options: BatchShapeOptions = {}) {
    super();
    requirePositive(alpha, 'Beta', 'alpha');
    requirePositive(beta, 'Beta', 'beta');
    this.alpha = alpha;
    this.beta = beta;
    this.batchShape = batchShapeOf(options, alpha, beta);
  }

  /** $g_a / (g_a + g_b)$ of two gamma draws, as the logistic function of the difference of their logarithms. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const shapes = { sampleShape, batchShape: this.batchShape };
    const [first, second] = key.split(2);
    const ones = logGammaDraws(first!, this.alpha, shapes);
    const zeros = logGammaDraws(second!, this.beta, shapes);
    const draws = Float32Array.from(ones, (logarithm, index) => {
      const share = 1 / (1 + Math.exp(zeros[index]! - logarithm));
      return Math.min(Math.max(share, SMALLEST), LARGEST_BELOW_ONE);
    });
    return tf.tensor(draws, [...sampleShape, ...this.batchShape]);
  }

  protected logDensity(x: Tensor): Tensor {
    return onSupport(x, {
      support: openInterval(0, 1),
      safe: 0.5,
      logDensity: (value) => {
        const ones = tf.mul(tf.sub(this.alpha, 1), tf.log(value));
        const zeros = tf.mul(tf.sub(this.beta, 1), log1p(tf.neg(value)));
        return tf.sub(tf.add(ones, zeros), logBeta(asTensor(this.alpha), asTensor(this.beta)));
      },
    });
  }

  /** $\ln B(a, b) - (a - 1) \psi(a) - (b - 1) \psi(b) + (a + b - 2) \psi(a + b)$. */
  protected override closedEntropy(): Tensor {
    const [a, b] = [asTensor(this.alpha), asTensor(this.beta)];
    const total = tf.add(a, b);
    const single = tf.add(tf.mul(tf.sub(a, 1), digamma(a)), tf.mul(tf.sub(b, 1), digamma(b)));
    return tf.add(tf.sub(logBeta(a, b), single), tf.mul(tf.sub(total, 2), digamma(total)));
  }

  protected override closedMean(): Tensor {
    return tf.div(this.alpha, tf.add(this.alpha, this.beta));
  }

  protected override closedVariance(): Tensor {
    const total = tf.add(this.alpha, this.beta);
    return tf.div(tf.mul(this.alpha, this.beta), tf.mul(tf.square(total), tf.add(total, 1)));
  }

  /** $(a - 1) / (a + b - 2)$; NaN unless both exceed 1, because the density has no peak inside otherwise. */
  protected override closedMode(): Tensor {
    const peaked = tf.logicalAnd(tf.greater(this.alpha, 1), tf.greater(this.beta, 1));
    const total = select(peaked, tf.sub(tf.add(this.alpha, this.beta), 2), 1);
    return select(peaked, tf.div(tf.sub(this.alpha, 1), total), NaN);
  }
}

/** $\ln B(a, b) = \ln \Gamma(a) + \ln \Gamma(b) - \ln \Gamma(a + b)$. */
export function logBeta(a: Tensor, b: Tensor): Tensor {
  return tf.sub(tf.add(lgamma(a), lgamma(b)), lgamma(tf.add(a, b)));
}

const LARGEST_BELOW_ONE = 1 - 2 ** -24;
