import { checkNumber, checkOptions, roundStraightThrough, tanh } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/** A code as training sees it. */
export interface RelaxedCode {
  /** What the entropy model measures. */
  readonly coded: Tensor;
  /** What the decoder gets. */
  readonly decoded: Tensor;
}

/**
 * What stands for rounding during training. Rounding has a gradient of 0 almost everywhere, so that an encoder behind it would not
 * learn; outside training, codes are rounded whatever the quantizer.
 */
export interface Quantizer {
  readonly name: string;
  /** @param y - a code, any shape; called inside `tf.tidy` */
  relax(y: Tensor, key: Key): RelaxedCode;
}

/** Uniform noise on $[-\tfrac12, \tfrac12]$, which has the moments of a rounding error. */
const noisy = (y: Tensor, key: Key): Tensor => tf.add(y, key.uniform(y.shape, { min: -0.5, max: 0.5 }));

/**
 * Rounding with the gradient of the identity, in the rate and in the distortion. Values are those of the codec; the gradient is
 * biased.
 * @see Lossy Image Compression with Compressive Autoencoders (Theis et al., 2017)
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: factorizedEntropy({ size: 8 }),
 *   quantizer: straightThroughQuantizer(),
 *   beta: 0.1,
 *   range: [0, 16],
 * });
 * ```
 */
export function straightThroughQuantizer(): Quantizer {
  return record(
    {
      name: 'straight-through',
      relax: (y: Tensor) => {
        const rounded = roundStraightThrough(y);
        return { coded: rounded, decoded: rounded };
      },
    },
    'straightThroughQuantizer',
    arguments,
  );
}

/**
 * Additive uniform noise in the rate and in the distortion. The loss is smooth, and its gradient exact; the decoder learns from
 * noisy codes and later gets rounded ones.
 * @see End-to-end Optimized Image Compression (Ballé, Laparra and Simoncelli, 2017), §3
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: factorizedEntropy({ size: 8 }),
 *   quantizer: noiseQuantizer(),
 *   beta: 0.1,
 *   range: [0, 16],
 * });
 * ```
 */
export function noiseQuantizer(): Quantizer {
  return record(
    {
      name: 'noise',
      relax: (y: Tensor, key: Key) => {
        const relaxed = noisy(y, key);
        return { coded: relaxed, decoded: relaxed };
      },
    },
    'noiseQuantizer',
    arguments,
  );
}

/**
 * Noise in the rate, and straight-through rounding in the distortion: the rate has a smooth loss, and the decoder learns from the
 * codes that it will get.
 * @see Channel-wise autoregressive entropy models for learned image compression (Minnen and Singh, 2020), §3.3
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: factorizedEntropy({ size: 8 }),
 *   quantizer: mixedQuantizer(),
 *   beta: 0.1,
 *   range: [0, 16],
 * });
 * ```
 */
export function mixedQuantizer(): Quantizer {
  return record(
    {
      name: 'mixed',
      relax: (y: Tensor, key: Key) => ({ coded: noisy(y, key), decoded: roundStraightThrough(y) }),
    },
    'mixedQuantizer',
    arguments,
  );
}

export interface SoftQuantizerOptions {
  /**
   * The slope of the steps: near 0 the identity, towards infinity rounding.
   * @defaultValue 4
   */
  readonly sharpness?: number;
}

/**
 * Soft rounding, a smooth staircase
 *
 * $$s(y) = m + \frac{\tanh(\alpha (y - m))}{2 \tanh(\alpha / 2)}, \quad m = \lfloor y \rfloor + \tfrac12$$
 *
 * with its own gradient, which is small at the integers and never 0. The softmax over a codebook of DGM Listing 8.3 is meant to
 * be such a staircase; with the printed temperature it is rounding, and its gradient is 0 in nine of ten batches.
 *
 * @throws ArgumentError if the sharpness is not positive
 * @see Universally Quantized Neural Compression (Agustsson and Theis, 2020), §4.1
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: factorizedEntropy({ size: 8 }),
 *   quantizer: softQuantizer({ sharpness: 6 }),
 *   beta: 0.1,
 *   range: [0, 16],
 * });
 * ```
 */
export function softQuantizer(options: SoftQuantizerOptions = {}): Quantizer {
  checkOptions('softQuantizer', options, ['sharpness']);
  const { sharpness = 4 } = options;
  checkNumber('softQuantizer', 'sharpness', sharpness, { above: 0 });
  const height = 2 * Math.tanh(sharpness / 2);
  return record(
    {
      name: 'soft',
      relax: (y: Tensor) => {
        const middle = tf.add(tf.floor(y), 0.5);
        const stairs = tf.add(middle, tf.div(tanh(tf.mul(sharpness, tf.sub(y, middle))), height));
        return { coded: stairs, decoded: stairs };
      },
    },
    'softQuantizer',
    arguments,
  );
}
