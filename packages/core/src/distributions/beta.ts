import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { exp } from '../ops/activations';
import { log1p } from '../ops/log-arithmetic';
import { selectByMask } from '../ops/select';
import { logBeta, logDeviance, stirlingError, stirlingErrorSlope } from '../ops/stirling';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import { densityAtEnd } from './gamma';
import { betaCdf, bisect, onHost } from './host-cdf';
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
 * The beta distribution (DGM App. B.1): $\ln p(x) = (a - 1) \ln x + (b - 1) \ln(1 - x) - \ln B(a, b)$ for $0 < x < 1$,
 * and the limits of that at the ends.
 *
 * Draws come from a rejection sampler on the host, which reads the parameters; no gradient flows through them.
 *
 * @example
 * ```ts
 * const p = new Beta(2, 5);
 * p.logProb(tf.scalar(0.2)); // 0.899
 * ```
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
    record(this, 'Beta', arguments);
    requirePositive(alpha, 'Beta', 'alpha');
    requirePositive(beta, 'Beta', 'beta');
    this.alpha = alpha;
    this.beta = beta;
    this.batchShape = batchShapeOf('Beta', options, alpha, beta);
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

  /**
   * For large a and b as the deviance of x from the mean $m = a / n$, $n = a + b$, with $\delta$ for `stirlingError`:
   * $\ln p(x) = \tfrac12 \ln \tfrac{a b}{2\pi n} - \delta(a) - \delta(b) + \delta(n) - \ln x (1 - x) - n \mathrm{KL}(m \| x)$.
   */
  protected logDensity(x: Tensor): Tensor {
    const [a, b] = [asTensor(this.alpha), asTensor(this.beta)];
    const isLarge = tf.logicalAnd(tf.greater(a, LARGE), tf.greater(b, LARGE));
    const large = [selectByMask(isLarge, a, LARGE), selectByMask(isLarge, b, LARGE)] as const;
    const onOpen = onSupport(x, {
      support: openInterval(0, 1),
      safe: 0.5,
      logDensity: (value) => {
        const [logX, logRest] = [tf.log(value), log1p(tf.neg(value))];
        const powers = tf.add(tf.mul(tf.sub(a, 1), logX), tf.mul(tf.sub(b, 1), logRest));
        const direct = tf.sub(powers, logBeta(a, b));
        const deviance = binaryDeviance(large, [value, tf.sub(1, value)], [logX, logRest]);
        const around = tf.sub(tf.sub(peakHeight(...large), tf.add(logX, logRest)), deviance);
        return selectByMask(isLarge, around, direct);
      },
    });
    const atZero = densityAtEnd(a, tf.log(b));
    return selectByMask(
      tf.equal(x, 0),
      atZero,
      selectByMask(tf.equal(x, 1), densityAtEnd(b, tf.log(a)), onOpen),
    );
  }

  /**
   * $\tfrac12 \ln \tfrac{2\pi e\, a b}{n^3} - \tfrac{1}{2a} - \tfrac{1}{2b} + \tfrac1n + \delta(a) + \delta(b) - \delta(n)
   * - (a - 1) \delta'(a) - (b - 1) \delta'(b) + (n - 2) \delta'(n)$.
   */
  protected override closedEntropy(): Tensor {
    const [a, b] = [asTensor(this.alpha), asTensor(this.beta)];
    const n = tf.add(a, b);
    const spread = tf.mul(tf.div(a, n), tf.div(b, n));
    const leading = tf.mul(0.5, tf.log(tf.div(tf.mul(2 * Math.PI * Math.E, spread), n)));
    const correction = (x: Tensor, offset: number): Tensor =>
      tf.sub(
        tf.sub(stirlingError(x), tf.div(offset / 2, x)),
        tf.mul(tf.sub(x, offset), stirlingErrorSlope(x)),
      );
    return tf.add(leading, tf.sub(tf.add(correction(a, 1), correction(b, 1)), correction(n, 2)));
  }

  /** The gradient flows to x alone. */
  protected override closedCdf(x: Tensor): Tensor {
    return onHost(
      x,
      this.#onHost(),
      (value, a, b) => betaCdf(value, a!, b!),
      (value) => exp(this.logProb(value)),
    );
  }

  /** The gradient flows to p alone. */
  protected override closedQuantile(p: Tensor): Tensor {
    const find = (share: number, a: number, b: number): number => {
      if (share <= 0 || share >= 1) return share <= 0 ? 0 : 1;
      const logit = bisect(share, (t) => betaCdf(1 / (1 + Math.exp(-t)), a, b), [-740, 740]);
      return 1 / (1 + Math.exp(-logit));
    };
    return onHost(
      p,
      this.#onHost(),
      (share, a, b) => find(share, a!, b!),
      (share) => exp(tf.neg(this.logProb(this.quantile(share)))),
    );
  }

  #onHost(): { batchShape: Shape; parameters: Parameter[] } {
    return { batchShape: this.batchShape, parameters: [this.alpha, this.beta] };
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
    const total = selectByMask(peaked, tf.sub(tf.add(this.alpha, this.beta), 2), 1);
    return selectByMask(peaked, tf.div(tf.sub(this.alpha, 1), total), NaN);
  }
}

/** $\tfrac12 \ln \tfrac{a b}{2\pi n} - \delta(a) - \delta(b) + \delta(n)$. */
function peakHeight(a: Tensor, b: Tensor): Tensor {
  const n = tf.add(a, b);
  const size = tf.mul(0.5, tf.log(tf.div(tf.mul(a, tf.div(b, n)), 2 * Math.PI)));
  return tf.sub(size, tf.sub(tf.add(stirlingError(a), stirlingError(b)), stirlingError(n)));
}

/** $a \ln \tfrac{a/n}{x} + b \ln \tfrac{b/n}{1 - x}$ for the shares x and 1 - x. */
function binaryDeviance(
  [a, b]: readonly [Tensor, Tensor],
  [x, rest]: readonly [Tensor, Tensor],
  [logX, logRest]: readonly [Tensor, Tensor],
): Tensor {
  const logN = tf.log(tf.add(a, b));
  const difference = tf.sub(tf.mul(b, x), tf.mul(a, rest));
  const ones = logDeviance(tf.div(difference, a), tf.add(logX, tf.sub(logN, tf.log(a))));
  const zeros = logDeviance(tf.neg(tf.div(difference, b)), tf.add(logRest, tf.sub(logN, tf.log(b))));
  return tf.add(tf.mul(a, ones), tf.mul(b, zeros));
}

/** From these parameters on, the terms of the density are large and cancel. */
const LARGE = 8;

const LARGEST_BELOW_ONE = 1 - 2 ** -24;
