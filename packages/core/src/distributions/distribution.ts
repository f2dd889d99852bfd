import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError, UnsupportedError } from '../errors/dgm-error';
import type { Module } from '../model/module';
import type { Key } from '../random/key';
import { endsWith, formatShape, type Shape } from '../shape/shape';

/**
 * A probability distribution: a cheap value that borrows the tensors of its parameters and owns nothing.
 *
 * `batchShape` indexes independent distributions, `eventShape` one draw of each. Quantities without a closed form
 * throw an `UnsupportedError` that names the alternative.
 */
export interface Distribution<X extends Tensor = Tensor> {
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  /** Whether the gradient flows through `sample` to the parameters. */
  readonly reparameterized: boolean;
  /** Draws of shape `[...sampleShape, ...batch, ...event]`; the caller owns them. */
  sample(key: Key, sampleShape?: Shape): X;
  /** Log-density or log-mass in nats, `[...sample, ...batch]`; -Infinity outside of the support. */
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
}

/** p(x | context): a module whose call gives a distribution. Without a context it serves unconditional use. */
export interface ConditionalDistribution<X extends Tensor = Tensor> extends Module {
  given(context?: Tensor): Distribution<X>;
}

/**
 * The base of distributions. An author writes `draw` and `logDensity`, which *are* the equations; the public methods
 * check shapes and free intermediate tensors.
 */
export abstract class BaseDistribution<X extends Tensor = Tensor> implements Distribution<X> {
  abstract readonly batchShape: Shape;
  abstract readonly eventShape: Shape;
  abstract readonly reparameterized: boolean;

  sample(key: Key, sampleShape: Shape = []): X {
    return tf.tidy(() => this.draw(key, sampleShape));
  }

  logProb(x: X): Tensor {
    this.checkValue(x, 'logProb');
    return tf.tidy(() => this.logDensity(x));
  }

  entropy(): Tensor {
    return this.unsupported('entropy', 'estimate it by the mean of -logProb over samples');
  }

  mean(): Tensor {
    return this.unsupported('mean', 'average samples');
  }

  variance(): Tensor {
    return this.unsupported('variance', 'take the variance of samples');
  }

  mode(): Tensor {
    return this.unsupported('mode', 'take the sample with the largest logProb');
  }

  cdf(_x: X): Tensor {
    return this.unsupported('cdf', 'take the fraction of samples that are at most x');
  }

  protected abstract draw(key: Key, sampleShape: Shape): X;
  protected abstract logDensity(x: X): Tensor;

  /** Checks that `x` is `[...sample, ...batch, ...event]`, or broadcasts against the batch. */
  protected checkValue(x: Tensor, method: string): void {
    const tail = this.eventShape;
    const lead = x.shape.slice(0, x.shape.length - tail.length);
    if (endsWith(x.shape, tail) && broadcasts(lead, this.batchShape)) return;
    throw new ShapeError({
      where: `${this.constructor.name}.${method}`,
      argument: 'x',
      expected: `of shape ${formatShape(['...', ...this.batchShape, ...tail])}`,
      actual: formatShape(x.shape),
    });
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
}

function broadcasts(a: Shape, b: Shape): boolean {
  // Axes are aligned at the end; a missing one counts as 1.
  return Array.from({ length: Math.min(a.length, b.length) }, (_, i) => [a.at(-1 - i), b.at(-1 - i)]).every(
    ([p, q]) => p === q || p === 1 || q === 1,
  );
}
