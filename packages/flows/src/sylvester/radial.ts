import { checkOptions, softplus } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { RowParameters } from '../internal/row-parameters';
import { record } from '../record';

export interface RadialOptions {
  /** D, the length of an event. */
  readonly dims: number;
  readonly key: Key;
  /**
   * The width of the context, on which the parameters then depend.
   * @defaultValue 0
   */
  readonly contextSize?: number;
}

/** Keeps the derivative of the square root finite at the centre. */
const EPSILON = 1e-12;

/**
 * A radial layer: $y = z + \frac{\beta}{\alpha + r}(z - z_0)$ with $r = \|z - z_0\|$, $\alpha > 0$ and $\beta > -\alpha$.
 *
 * With $h = 1/(\alpha + r)$: $\ln|\det| = (D - 1) \ln(1 + \beta h) + \ln(1 + \alpha \beta h^2)$. The inverse is in closed form:
 * r is the root of a quadratic.
 * @see Variational Inference with Normalizing Flows (Rezende and Mohamed, 2015), Eq. 14 and A.2
 *
 * @example
 * ```ts
 * const layer = new Radial({ dims: 2, key });
 * const model = flow({ layers: [layer], eventShape: [2] });
 * ```
 */
export class Radial extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #parameters: RowParameters;

  constructor({ dims, key, contextSize = 0, ...unknown }: RadialOptions) {
    super();
    record(this, 'Radial', arguments);
    checkOptions('Radial', unknown, ['dims', 'key', 'contextSize']);
    this.eventShape = [dims];
    this.#parameters = this.child(
      'parameters',
      new RowParameters({ size: dims + 2, key, std: 0.5, contextSize }),
    );
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const { centre, alpha, beta } = this.#constrained(z.shape[0]!, call);
    const offset = tf.sub(z, centre);
    const h = tf.div(1, tf.add(alpha, lengthOf(offset)));
    const stretch = tf.add(1, tf.mul(beta, h));
    return { y: tf.add(centre, tf.mul(stretch, offset)), logDet: this.#logDet({ alpha, beta, h }) };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const { centre, alpha, beta } = this.#constrained(y.shape[0]!, call);
    const offset = tf.sub(y, centre);
    const stretched = lengthOf(offset);
    // r^2 + (alpha + beta - R) r - alpha R = 0 for the stretched length R, in a form where nothing cancels.
    const middle = tf.sub(tf.add(alpha, beta), stretched);
    const product = tf.mul(alpha, stretched);
    const root = tf.sqrt(tf.add(tf.square(middle), tf.add(tf.mul(4, product), EPSILON)));
    const smaller = tf.div(tf.mul(2, product), tf.add(tf.abs(middle), root));
    const radius = tf.add(smaller, tf.relu(tf.neg(middle)));
    const h = tf.div(1, tf.add(alpha, radius));
    const z = tf.add(centre, tf.div(offset, tf.add(1, tf.mul(beta, h))));
    return { z, logDet: tf.neg(this.#logDet({ alpha, beta, h })) };
  }

  #constrained(n: number, call: CallOptions): { centre: Tensor; alpha: Tensor; beta: Tensor } {
    const parts = tf.split(this.#parameters.rows(n, call), [this.eventShape[0]!, 1, 1], 1);
    const [centre, rawAlpha, rawBeta] = parts as [Tensor, Tensor, Tensor];
    const alpha = tf.add(softplus(rawAlpha), 1e-3);
    return { centre, alpha, beta: tf.sub(softplus(rawBeta), tf.mul(0.999, alpha)) };
  }

  #logDet({ alpha, beta, h }: { alpha: Tensor; beta: Tensor; h: Tensor }): Tensor {
    const across = tf.mul(this.eventShape[0]! - 1, tf.log(tf.add(1, tf.mul(beta, h))));
    const outward = tf.log(tf.add(1, tf.mul(alpha, tf.mul(beta, tf.square(h)))));
    return tf.reshape(tf.add(across, outward), [-1]);
  }
}

function lengthOf(rows: Tensor): Tensor {
  return tf.sqrt(tf.add(tf.sum(tf.square(rows), 1, true), EPSILON));
}
