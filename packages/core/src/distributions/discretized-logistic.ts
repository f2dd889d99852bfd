import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { exp, sigmoid } from '../ops/activations';
import { log1mExp, log1p, logSigmoid } from '../ops/log-arithmetic';
import { selectByMask } from '../ops/select';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import {
  asTensor,
  batchShapeOf,
  inverseScaleOf,
  pickParameter,
  pickScale,
  requirePositive,
  requirePositiveScale,
  scaleOf,
  scaleParameter,
} from './parameters';
import type { BatchShapeOptions, Parameter, Scale } from './parameters';
import { onSupport } from './support';

export interface DiscretizedLogisticOptions extends BatchShapeOptions {
  /** The lowest value; its bin is open to -Infinity, so that nothing is lost below it. @defaultValue -Infinity */
  readonly minimum?: number;
  /** The highest value; its bin is open to Infinity. @defaultValue Infinity */
  readonly maximum?: number;
  /** The distance between values. @defaultValue 1 */
  readonly step?: number;
}

/**
 * The logistic distribution in bins around the values of a grid, by default all integers (DGM Eq. 3.43):
 * $p(x) = \mathrm{sigm}(b) - \mathrm{sigm}(a)$ with $a, b = (x \mp \tfrac{\delta}{2} - \mu) / s$.
 *
 * It is computed as $\ln \mathrm{sigm}(b) + \ln \mathrm{sigm}(-a) + \ln(1 - e^{-\delta/s})$, the same number without a
 * difference that cancels. The log_min_exp of DGM Listing 3.4 has an epsilon, which puts a floor under one tail.
 *
 * @example
 * ```ts
 * const p = new DiscretizedLogistic(8, 2, { minimum: 0, maximum: 16 });
 * p.sample(key, [100]); // [100], integers from 0 to 16
 * ```
 */
export class DiscretizedLogistic extends BaseDistribution {
  readonly kind = 'DiscretizedLogistic';
  override readonly space = 'integers';
  readonly eventShape: Shape = [];
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly location: Parameter;
  readonly scale: Scale;
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;

  /**
   * @param mean - $\mu$ of the logistic distribution before binning, in units of the values
   * @param scale - s > 0, or `{ logScale }`
   * @throws {@link ArgumentError} if `scale` or `step` is not positive, or the grid does not lead from `minimum` to `maximum`
   */
  constructor(mean: Parameter, scale: Scale, options: DiscretizedLogisticOptions = {}) {
    super();
    record(this, 'DiscretizedLogistic', arguments);
    const { minimum = -Infinity, maximum = Infinity, step = 1, ...others } = options;
    requirePositiveScale(scale, 'DiscretizedLogistic', 'scale');
    requirePositive(step, 'DiscretizedLogistic', 'step');
    const steps = (maximum - minimum) / step;
    checkThat(
      'DiscretizedLogistic',
      'maximum',
      steps > 0 && (!Number.isFinite(steps) || Math.abs(steps - Math.round(steps)) <= ON_GRID),
      {
        expected: 'to be a whole number of steps above minimum',
        actual: `minimum = ${minimum}, maximum = ${maximum}, step = ${step}`,
      },
    );
    this.location = mean;
    this.scale = scale;
    this.minimum = minimum;
    this.maximum = maximum;
    this.step = step;
    this.batchShape = batchShapeOf('DiscretizedLogistic', others, mean, scaleParameter(scale));
  }

  pick(indices: Tensor): DiscretizedLogistic {
    const { minimum, maximum, step } = this;
    const mean = pickParameter(this.location, indices, this);
    const scale = pickScale(this.scale, indices, this);
    return new DiscretizedLogistic(mean, scale, { minimum, maximum, step, shape: indices.shape });
  }

  /** A logistic draw, moved to the nearest value; what falls beyond the edges belongs to them. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const noise = key.logistic([...sampleShape, ...this.batchShape]);
    return this.#nearest(tf.add(this.location, tf.mul(scaleOf(this.scale), noise)));
  }

  protected logDensity(x: Tensor): Tensor {
    const isValue = (value: Tensor): Tensor => {
      const distance = tf.abs(tf.sub(value, this.#nearest(value)));
      return tf.lessEqual(distance, this.#tolerance);
    };
    return onSupport(x, {
      support: isValue,
      safe: this.#anchor,
      logDensity: (value) => this.#logMass(value),
    });
  }

  protected override closedEntropy(): Tensor {
    const logProbs = this.#logProbs('entropy');
    return tf.neg(tf.sum(tf.mul(exp(logProbs), logProbs), 0));
  }

  protected override closedMean(): Tensor {
    return tf.sum(tf.mul(exp(this.#logProbs('mean')), this.#values('mean')), 0);
  }

  protected override closedVariance(): Tensor {
    const deviation = tf.sub(this.#values('variance'), this.closedMean());
    return tf.sum(tf.mul(exp(this.#logProbs('variance')), tf.square(deviation)), 0);
  }

  /** The value next to $\mu$, or an edge that gathers more. */
  protected override closedMode(): Tensor {
    if (this.#isUnbounded) return this.#nearest(asTensor(this.location));
    const best = tf.cast(tf.argMax(this.#logProbs('mode'), 0), 'float32');
    return tf.add(this.minimum, tf.mul(this.step, best));
  }

  protected override closedCdf(x: Tensor): Tensor {
    const steps = tf.floor(tf.div(tf.add(tf.sub(x, this.#anchor), this.#tolerance), this.step));
    const end = tf.add(this.#anchor + this.step / 2, tf.mul(this.step, steps));
    const inside = sigmoid(tf.mul(tf.sub(end, this.location), inverseScaleOf(this.scale)));
    const atLeastMinimum = tf.cast(tf.greaterEqual(x, this.minimum), 'float32');
    return tf.where(tf.greaterEqual(x, this.maximum), atLeastMinimum, tf.mul(inside, atLeastMinimum));
  }

  /** The first value whose bin ends at or after the quantile of the logistic distribution. */
  protected override closedQuantile(p: Tensor): Tensor {
    const logit = tf.sub(tf.log(p), log1p(tf.neg(p)));
    const end = tf.add(this.location, tf.mul(scaleOf(this.scale), logit));
    const index = tf.ceil(tf.div(tf.sub(tf.sub(end, this.#anchor), this.step / 2), this.step));
    return tf.clipByValue(tf.add(this.#anchor, tf.mul(this.step, index)), this.minimum, this.maximum);
  }

  /** Log-probabilities of all values, `[K, ...batch]`. */
  #logProbs(purpose: string): Tensor {
    return this.logProb(this.#values(purpose));
  }

  #logMass(x: Tensor): Tensor {
    const inverseScale = inverseScaleOf(this.scale);
    const deviation = tf.sub(x, this.location);
    const upper = logSigmoid(tf.mul(tf.add(deviation, this.step / 2), inverseScale));
    const lower = logSigmoid(tf.mul(tf.sub(this.step / 2, deviation), inverseScale));
    const width = log1mExp(tf.mul(-this.step, inverseScale));
    if (this.#isUnbounded) return tf.add(tf.add(upper, lower), width);
    // An open bin has no cut on its outer side: sigm(b) alone, or sigm(-a) alone.
    const below = tf.less(x, this.maximum - this.#tolerance);
    const above = tf.greater(x, this.minimum + this.#tolerance);
    const cuts = tf.add(selectByMask(below, upper, 0), selectByMask(above, lower, 0));
    return tf.add(cuts, selectByMask(tf.logicalAnd(below, above), width, 0));
  }

  #nearest(x: Tensor): Tensor {
    const index = tf.round(tf.div(tf.sub(x, this.#anchor), this.step));
    return tf.clipByValue(tf.add(this.#anchor, tf.mul(this.step, index)), this.minimum, this.maximum);
  }

  /** All values of a bounded grid, as `[K, 1, ..., 1]` against the batch. */
  #values(purpose: string): Tensor {
    if (!Number.isFinite(this.maximum - this.minimum)) {
      return this.unsupported(purpose, 'give it a minimum and a maximum, or average over samples');
    }
    const count = Math.round((this.maximum - this.minimum) / this.step) + 1;
    const values = Float32Array.from({ length: count }, (_, index) => this.minimum + this.step * index);
    return tf.tensor(values, [count, ...this.batchShape.map(() => 1)]);
  }

  get #isUnbounded(): boolean {
    return this.minimum === -Infinity && this.maximum === Infinity;
  }

  /** A value of the grid. */
  get #anchor(): number {
    return [this.minimum, this.maximum, 0].find(Number.isFinite)!;
  }

  /** How far from a grid value a float32 may lie. A fine grid is as coarse as the rounding of its largest value. */
  get #tolerance(): number {
    const largest = Math.max(...[this.minimum, this.maximum].filter(Number.isFinite).map(Math.abs), 0);
    return Math.min(ON_GRID * this.step + 2 ** -22 * largest, this.step / 4);
  }
}

/** How far from a grid value, in steps, a value may always lie. */
const ON_GRID = 1e-3;
