import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkSizes, checkThat, show } from '../check/check';
import { ShapeError, UnsupportedError } from '../errors/dgm-error';
import type { Module } from '../model/module';
import type { CallOptions } from '../nn/layer';
import { checkKey, type Key } from '../random/key';
import { broadcasts, broadcastShapes, endsWith, formatShape, sameShape, type Shape } from '../shape/shape';
import { broadcastTo } from '../ops/broadcast-to';
import { selectByMask } from '../ops/select';
import type { Parameter } from './parameters';
import type { EventSpace } from './support';

/**
 * A probability distribution: a cheap value that borrows the tensors of its parameters and owns nothing.
 *
 * `batchShape` indexes independent distributions, `eventShape` one draw of each. Quantities without a closed form
 * throw an `UnsupportedError` that names the alternative.
 */
export interface Distribution<X extends Tensor = Tensor> {
  /** Names the family for `klDivergence`, which must recognise classes of another copy of this package. */
  readonly kind?: string;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  /** The space of the events; undefined where it is not known. */
  readonly space?: EventSpace | undefined;
  /** Whether the gradient flows through `sample` to the parameters. */
  readonly reparameterized: boolean;
  /** Draws of shape `[...sampleShape, ...batch, ...event]`; the caller owns them. */
  sample(key: Key, sampleShape?: Shape): X;
  /** Log-density or log-mass in nats, `[...sample, ...batch]`; -Infinity outside the support. */
  logProb(x: X): Tensor;
  /** Differential or Shannon entropy in nats, `[...batch]`. */
  entropy(): Tensor;
  /** `[...batch, ...event]`. */
  mean(): Tensor;
  /** Element-wise variance, `[...batch, ...event]`. */
  variance(): Tensor;
  /** A most probable value, `[...batch, ...event]`. */
  mode(): Tensor;
  /** Probability of a draw being at most `x`, per element of a scalar event: `[...sample, ...batch]`. */
  cdf(x: X): Tensor;
  /** The smallest x with a `cdf` of at least `p`, for scalar events: `[...sample, ...batch]`; NaN for p outside [0, 1]. */
  quantile?(p: Tensor): Tensor;
  /**
   * Draws with their log-densities, where that is cheaper or more exact than `logProb` of a draw (a flow need not be
   * inverted); the function of the same name asks any distribution.
   */
  sampleAndLogProb?(key: Key, sampleShape?: Shape): { x: X; logProb: Tensor };
  /**
   * The distributions at flat, row-major indices of the batch, with the batch shape of `indices`; what a mixture needs to
   * draw from no more than the chosen components. They borrow tensors that are made here. Undefined where what this is made
   * of cannot be picked from.
   * @param indices - int32
   */
  pick?(indices: Tensor): Distribution<X> | undefined;
  /**
   * The closed form of KL(this || other) in nats, `[...batch]`, where this class knows one that `klDivergence` does
   * not have in its table; undefined where it does not.
   */
  klDivergenceTo?(other: Distribution): (() => Tensor) | undefined;
}

/** p(x | context): a module whose call gives a distribution. Without a context it serves unconditional use. */
export interface ConditionalDistribution<X extends Tensor = Tensor> extends Module {
  /** @param call - for networks that are not the same in training (dropout) */
  given(context?: Tensor, call?: CallOptions): Distribution<X>;
}

/**
 * The base of distributions. An author writes `draw` and `logDensity`, and the `closed...` hooks for what has a closed
 * form; they *are* the equations. The public methods check shapes, broadcast to the batch and free intermediate tensors.
 */
export abstract class BaseDistribution<X extends Tensor = Tensor> implements Distribution<X> {
  abstract readonly kind: string;
  abstract readonly batchShape: Shape;
  abstract readonly eventShape: Shape;
  abstract readonly reparameterized: boolean;
  /** Real numbers, for a class that does not say otherwise. */
  readonly space: EventSpace | undefined = 'reals';

  /** The name of its class and its shapes. */
  toString(): string {
    const [batch, event] = [formatShape(this.batchShape), formatShape(this.eventShape)];
    return `${this.constructor.name}, batchShape ${batch}, eventShape ${event}`;
  }

  /** What Node prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  sample(key: Key, sampleShape: Shape = []): X {
    this.#checkDraw(key, sampleShape);
    return tf.tidy(() => this.draw(key, sampleShape));
  }

  logProb(x: X): Tensor {
    const lead = this.checkValue(x, 'logProb');
    return tf.tidy(() => broadcastTo(this.logDensity(x), broadcastShapes(lead, this.batchShape)));
  }

  entropy(): Tensor {
    return tf.tidy(() => toShape(this.closedEntropy(), this.batchShape));
  }

  mean(): Tensor {
    return tf.tidy(() => toShape(this.closedMean(), this.#drawShape));
  }

  variance(): Tensor {
    return tf.tidy(() => toShape(this.closedVariance(), this.#drawShape));
  }

  mode(): Tensor {
    return tf.tidy(() => toShape(this.closedMode(), this.#drawShape));
  }

  cdf(x: X): Tensor {
    const lead = this.checkValue(x, 'cdf');
    return tf.tidy(() => toShape(this.closedCdf(x), broadcastShapes(lead, this.batchShape)));
  }

  quantile(p: Tensor): Tensor {
    checkThat(
      `${this.constructor.name}.quantile`,
      'p',
      this.eventShape.length === 0 && broadcasts(p.shape, this.batchShape),
      {
        error: ShapeError,
        expected: `of shape ${formatShape(['...', ...this.batchShape])}, for scalar events`,
        actual: `${formatShape(p.shape)}, for events of shape ${formatShape(this.eventShape)}`,
      },
    );
    return tf.tidy(() => {
      const inside = tf.logicalAnd(tf.greaterEqual(p, 0), tf.lessEqual(p, 1));
      const x = selectByMask(inside, this.closedQuantile(selectByMask(inside, p, 0.5)), NaN);
      return toShape(x, broadcastShapes(p.shape, this.batchShape));
    });
  }

  protected abstract draw(key: Key, sampleShape: Shape): X;
  protected abstract logDensity(x: X): Tensor;

  protected closedEntropy(): Parameter {
    return this.unsupported('entropy', 'estimate it by the mean of -logProb over samples');
  }

  protected closedMean(): Parameter {
    return this.unsupported('mean', 'average samples');
  }

  protected closedVariance(): Parameter {
    return this.unsupported('variance', 'take the variance of samples');
  }

  protected closedMode(): Parameter {
    return this.unsupported('mode', 'take the sample with the largest logProb');
  }

  protected closedCdf(_x: X): Parameter {
    return this.unsupported('cdf', 'take the fraction of samples that are at most x');
  }

  /** `p` is in [0, 1]. */
  protected closedQuantile(_p: Tensor): Tensor {
    return this.unsupported('quantile', 'take the quantile of samples');
  }

  /** Checks that `x` is `[...sample, ...batch, ...event]`, or broadcasts against the batch; returns the axes before the event. */
  protected checkValue(x: Tensor, method: string): Shape {
    const tail = this.eventShape;
    const { shape }: { readonly shape?: Shape } = x ?? {};
    const lead = shape?.slice(0, shape.length - tail.length) ?? [];
    const fits = shape !== undefined && endsWith(shape, tail) && broadcasts(lead, this.batchShape);
    checkThat(`${this.constructor.name}.${method}`, 'x', fits, {
      error: ShapeError,
      expected: `of shape ${formatShape(['...', ...this.batchShape, ...tail])}`,
      actual: shape === undefined ? show(x) : formatShape(shape),
    });
    return lead;
  }

  protected unsupported(method: string, alternative: string): never {
    throw new UnsupportedError({
      where: `${this.constructor.name}.${method}`,
      argument: method,
      expected: 'to have a closed form',
      actual: 'none',
      remedy: alternative,
    });
  }

  #checkDraw(key: Key, sampleShape: Shape): void {
    const where = `${this.constructor.name}.sample`;
    checkKey(where, key);
    checkSizes(where, 'sampleShape', sampleShape, { min: 0 });
  }

  get #drawShape(): Shape {
    return [...this.batchShape, ...this.eventShape];
  }
}

/** A tensor of the wanted shape that the caller may own: a borrowed parameter is copied, a number fills it. */
function toShape(value: Parameter, shape: Shape): Tensor {
  if (typeof value === 'number') return tf.fill([...shape], value);
  return sameShape(value.shape, shape) ? tf.clone(value) : broadcastTo(value, shape);
}
