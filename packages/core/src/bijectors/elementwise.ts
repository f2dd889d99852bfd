import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import {
  inverseScaleOf,
  scaleOf,
  scaleParameter,
  shapeOf,
  type Parameter,
  type Scale,
} from '../distributions/parameters';
import { ShapeError } from '../errors/dgm-error';
import { exp, sigmoid, softplus, tanh } from '../ops/activations';
import { log1mExp, log1p, logSigmoid } from '../ops/log-arithmetic';
import { selectByMask } from '../ops/select';
import { broadcasts, broadcastShapes, formatShape, type Shape } from '../shape/shape';
import { BaseBijector, type ForwardResult, type InverseResult } from './bijector';
import { checkOptions, checkThat } from '../check/check';

/**
 * The elementwise map $y = z$, with $\log |dy/dz| = 0$.
 *
 * @example
 * ```ts
 * const unchanged = new Transformed(new Normal(0, 1), new Identity());
 * ```
 */
export class Identity extends BaseBijector {
  readonly eventRank = 0;

  constructor() {
    super();
    record(this, 'Identity', []);
  }

  protected forward(z: Tensor): ForwardResult {
    return { y: tf.clone(z), logDet: tf.zerosLike(z) };
  }

  protected inverse(y: Tensor): InverseResult {
    return { z: tf.clone(y), logDet: tf.zerosLike(y) };
  }
}

export interface AffineOptions {
  /**
   * b, a number or a tensor that broadcasts against z.
   * @defaultValue 0
   */
  readonly shift?: Parameter;
  /**
   * s, of either sign but not 0, or `{ logScale }`.
   * @defaultValue 1
   */
  readonly scale?: Scale;
}

/**
 * The elementwise map $y = b + s z$, with $\log |dy/dz| = \log |s|$.
 *
 * The bijector borrows its shift and scale.
 *
 * @example
 * ```ts
 * const bijector = new Affine({ shift: 1, scale: 2 });
 * bijector.forwardAndLogDet(tf.scalar(3)); // y: 7, logDet: 0.693
 * ```
 */
export class Affine extends BaseBijector {
  readonly eventRank = 0;
  readonly #shift: Parameter;
  readonly #scale: Scale;
  readonly #parameterShape: Shape;

  /**
   * @throws ArgumentError if the scale is a number that is 0 or not finite.
   * @throws ShapeError if shift and scale do not broadcast together.
   */
  constructor({ shift = 0, scale = 1, ...unknown }: AffineOptions) {
    super();
    record(this, 'Affine', arguments);
    checkOptions('Affine', unknown, ['shift', 'scale']);
    if (typeof scale === 'number') {
      checkThat('Affine', 'scale', scale !== 0 && Number.isFinite(scale), {
        expected: 'to be a finite number other than 0',
        actual: String(scale),
      });
    }
    this.#shift = shift;
    this.#scale = scale;
    this.#parameterShape = broadcastShapes(shapeOf(shift), shapeOf(scaleParameter(scale)));
  }

  protected forward(z: Tensor): ForwardResult {
    const y = tf.add(this.#shift, tf.mul(scaleOf(this.#scale), z));
    return { y, logDet: tf.add(tf.zerosLike(y), this.#logSlope()) };
  }

  protected inverse(y: Tensor): InverseResult {
    const z = tf.mul(tf.sub(y, this.#shift), inverseScaleOf(this.#scale));
    return { z, logDet: tf.sub(tf.zerosLike(z), this.#logSlope()) };
  }

  protected override validate(x: Tensor, where: string, argument: string): void {
    const parameters = this.#parameterShape;
    checkThat(where, argument, broadcasts(x.shape, parameters), {
      error: ShapeError,
      expected: `to broadcast against ${formatShape(parameters)}, the shape of shift and scale`,
      actual: formatShape(x.shape),
    });
  }

  #logSlope(): Parameter {
    const scale = this.#scale;
    if (typeof scale === 'number') return Math.log(Math.abs(scale));
    return 'logScale' in scale ? scale.logScale : tf.log(tf.abs(scale));
  }
}

/**
 * The elementwise map $y = e^z$ from the real line to the positive numbers, with $\log |dy/dz| = z$.
 *
 * In float32 it is one-to-one for z from -87 to 88. 0 and negative numbers are outside its range.
 *
 * @example
 * ```ts
 * const logNormal = new Transformed(new Normal(0, 1), new Exp());
 * ```
 */
export class Exp extends BaseBijector {
  readonly eventRank = 0;

  constructor() {
    super();
    record(this, 'Exp', []);
  }

  protected forward(z: Tensor): ForwardResult {
    return { y: exp(z), logDet: tf.clone(z) };
  }

  protected inverse(y: Tensor): InverseResult {
    return inRange(y, { outside: tf.lessEqual(y, 0), safe: 1 }, (y) => {
      const z = tf.log(y);
      return { z, logDet: tf.neg(z) };
    });
  }
}

/**
 * The elementwise map $y = \log(1 + e^z)$ from the real line to the positive numbers, with $\log |dy/dz| = \log \sigma(z)$.
 *
 * Its inverse is $z = y + \log(1 - e^{-y})$. In float32 it is one-to-one for z above -87. 0 and negative numbers are outside
 * its range.
 *
 * @example
 * ```ts
 * const positive = new Transformed(new Normal(0, 1), new Softplus());
 * ```
 */
export class Softplus extends BaseBijector {
  readonly eventRank = 0;

  constructor() {
    super();
    record(this, 'Softplus', []);
  }

  protected forward(z: Tensor): ForwardResult {
    return { y: softplus(z), logDet: logSigmoid(z) };
  }

  protected inverse(y: Tensor): InverseResult {
    return inRange(y, { outside: tf.lessEqual(y, 0), safe: 1 }, (y) => {
      // The slope at z is 1 - e^{-y}: its logarithm serves both.
      const logSlope = log1mExp(tf.neg(y));
      return { z: tf.add(y, logSlope), logDet: tf.neg(logSlope) };
    });
  }
}

/**
 * The elementwise map $y = \sigma(z)$ from the real line to the open interval (0, 1), with
 * $\log |dy/dz| = \log \sigma(z) + \log \sigma(-z)$.
 *
 * float32 is dense near 0 and coarse near 1: the inverse recovers z from -87 to about 8 (with an error of 1e-4 there), and y
 * is exactly 1 above 17. 0 and 1 are outside the range: where both z and y are needed, keep z.
 *
 * @example
 * ```ts
 * const logitNormal = new Transformed(new Normal(0, 1), new Sigmoid());
 * ```
 */
export class Sigmoid extends BaseBijector {
  readonly eventRank = 0;

  constructor() {
    super();
    record(this, 'Sigmoid', []);
  }

  protected forward(z: Tensor): ForwardResult {
    return logistic(z);
  }

  protected inverse(y: Tensor): InverseResult {
    const outside = tf.logicalOr(tf.lessEqual(y, 0), tf.greaterEqual(y, 1));
    return inRange(y, { outside, safe: 0.5 }, (y) => {
      const { y: z, logDet } = logOdds(y);
      return { z, logDet };
    });
  }
}

/**
 * The elementwise map $y = \log z - \log(1 - z)$ from the open interval (0, 1) to the real line, with
 * $\log |dy/dz| = -\log z - \log(1 - z)$: the inverse of {@link Sigmoid}, with the same limits of float32.
 *
 * @example
 * ```ts
 * const overReals = new Transformed(new Uniform(0, 1), new Logit());
 * ```
 */
export class Logit extends BaseBijector {
  readonly eventRank = 0;

  constructor() {
    super();
    record(this, 'Logit', []);
  }

  protected forward(z: Tensor): ForwardResult {
    return logOdds(z);
  }

  protected inverse(y: Tensor): InverseResult {
    const { y: z, logDet } = logistic(y);
    return { z, logDet };
  }
}

function logistic(x: Tensor): ForwardResult {
  return { y: sigmoid(x), logDet: tf.neg(tf.add(softplus(x), softplus(tf.neg(x)))) };
}

function logOdds(x: Tensor): ForwardResult {
  const [logYes, logNo] = [tf.log(x), log1p(tf.neg(x))];
  return { y: tf.sub(logYes, logNo), logDet: tf.neg(tf.add(logYes, logNo)) };
}

/**
 * The elementwise map $y = \tanh z$ from the real line to the open interval (-1, 1), with
 * $\log |dy/dz| = 2 (\log 2 - z - \log(1 + e^{-2z}))$.
 *
 * That form is exact in both tails, where $\log(1 - y^2)$ is -Infinity as soon as y rounds to 1 (above 9 in float32).
 * The inverse recovers z up to about 4 in size (with an error of 1e-4 there). -1 and 1 are outside the range.
 *
 * @example
 * ```ts
 * const bounded = new Transformed(new Normal(0, 1), new Tanh());
 * ```
 */
export class Tanh extends BaseBijector {
  readonly eventRank = 0;

  constructor() {
    super();
    record(this, 'Tanh', []);
  }

  protected forward(z: Tensor): ForwardResult {
    const logDet = tf.mul(2, tf.sub(Math.LN2, tf.add(z, softplus(tf.mul(-2, z)))));
    return { y: tanh(z), logDet };
  }

  protected inverse(y: Tensor): InverseResult {
    return inRange(y, { outside: tf.greaterEqual(tf.abs(y), 1), safe: 0 }, (y) => {
      const [logAbove, logBelow] = [log1p(y), log1p(tf.neg(y))];
      return { z: tf.mul(0.5, tf.sub(logAbove, logBelow)), logDet: tf.neg(tf.add(logAbove, logBelow)) };
    });
  }
}

/**
 * The inverse of a map whose range is not the whole line: outside it, `logDet` is -Infinity and z that of a safe point, so
 * that neither values nor gradients become NaN. NaN is not outside, and stays NaN.
 */
function inRange(
  y: Tensor,
  { outside, safe }: { readonly outside: Tensor; readonly safe: number },
  inverse: (y: Tensor) => InverseResult,
): InverseResult {
  const { z, logDet } = inverse(selectByMask(outside, safe, y));
  return { z, logDet: selectByMask(outside, -Infinity, logDet) };
}
