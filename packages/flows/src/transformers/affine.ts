import { checkOptions, checkThat, exp, tanh } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { record } from '../record';
import { unstackLast, type Transformer } from './transformer';

export interface AffineTransformerOptions {
  /** The largest log-scale in either direction, so that no step can overflow; 2 by default. The book has 1. */
  readonly maxLogScale?: number;
}

/**
 * $y = e^s z + t$ with $s = c \tanh(r / c)$ for the bound c on log-scales. The parameters of an element are r, then t.
 * @see DGM Eq. 3.15-3.18
 *
 * @example
 * ```ts
 * const layer = new Coupling({
 *   mask: halfMask(8),
 *   network: mlp([4, 32, 4 * 2], { key }), // a log-scale and a shift for each of the other 4
 *   transformer: affine({ maxLogScale: 1 }),
 * });
 * ```
 */
export function affine({ maxLogScale = 2, ...unknown }: AffineTransformerOptions = {}): Transformer {
  checkOptions('affine', unknown, ['maxLogScale']);
  checkThat('affine', 'maxLogScale', maxLogScale > 0 && Number.isFinite(maxLogScale), {
    expected: 'to be above 0',
    actual: String(maxLogScale),
  });
  const bounded = (raw: tf.Tensor): tf.Tensor => tf.mul(maxLogScale, tanh(tf.div(raw, maxLogScale)));
  const transformer: Transformer = {
    numParameters: 2,
    forward: (z, parameters) => {
      const [raw, shift] = unstackLast(parameters) as [tf.Tensor, tf.Tensor];
      const logScale = bounded(raw);
      return { y: tf.add(tf.mul(exp(logScale), z), shift), logDet: logScale };
    },
    inverse: (y, parameters) => {
      const [raw, shift] = unstackLast(parameters) as [tf.Tensor, tf.Tensor];
      const minusLogScale = tf.neg(bounded(raw));
      return { z: tf.mul(tf.sub(y, shift), exp(minusLogScale)), logDet: minusLogScale };
    },
  };
  return record(transformer, 'affine', arguments);
}

/**
 * $y = z + t$: the coupling of NICE, which keeps volumes. The parameter of an element is t.
 * @see NICE: Non-linear Independent Components Estimation (Dinh et al., 2014)
 *
 * @example
 * ```ts
 * const layer = new Coupling({
 *   mask: halfMask(8),
 *   network: mlp([4, 32, 4], { key }), // a shift for each of the other 4
 *   transformer: additive(),
 * });
 * ```
 */
export function additive(): Transformer {
  const transformer: Transformer = {
    numParameters: 1,
    forward: (z, parameters) => ({
      y: tf.add(z, tf.reshape(parameters, z.shape)),
      logDet: tf.zerosLike(z),
    }),
    inverse: (y, parameters) => ({
      z: tf.sub(y, tf.reshape(parameters, y.shape)),
      logDet: tf.zerosLike(y),
    }),
  };
  return record(transformer, 'additive', arguments);
}
