import { checkArray, checkInteger, checkNumber, checkOptions, oneHot } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/** What a network sees of each entry of an example: `[n, ...event]` becomes `[n, ...event, size]`. */
export interface EntryFeatures {
  readonly size: number;
  of(x: Tensor): Tensor;
}

/**
 * Each entry as it is.
 *
 * @example
 * ```ts
 * const network = mlpDenoiser({ shape: [64], outputs: 17, entries: plainEntries(), key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * ```
 */
export function plainEntries(): EntryFeatures {
  const features: EntryFeatures = { size: 1, of: (x) => tf.expandDims(x, -1) };
  return record(features, 'plainEntries', arguments);
}

/**
 * Each entry z with $\sin 2 \pi f z$ and $\cos 2 \pi f z$ of each frequency: what tells neighbouring levels apart. For L levels
 * in [-1, 1] a frequency of (L - 1) / 4 gives neighbours opposite signs.
 * @throws ArgumentError if a frequency is not a positive number
 * @see Variational Diffusion Models (Kingma et al., 2021), Appendix C
 *
 * @example
 * ```ts
 * const entries = fourierEntries({ frequencies: [2, 4] }); // for 17 levels: 4 tells neighbours apart
 * const network = convDenoiser({ shape: [64], outputs: 17, entries, key });
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * ```
 */
export function fourierEntries(options: { readonly frequencies: readonly number[] }): EntryFeatures {
  checkOptions('fourierEntries', options, ['frequencies']);
  const { frequencies } = options;
  checkArray('fourierEntries', 'frequencies', frequencies, 'to be an array of positive numbers');
  frequencies.forEach((f) => checkNumber('fourierEntries', 'frequencies', f, { above: 0 }));
  const features: EntryFeatures = {
    size: 1 + 2 * frequencies.length,
    of: (z) =>
      tf.tidy(() => {
        const waves = frequencies.flatMap((f) => {
          const angle = tf.mul(2 * Math.PI * f, z);
          return [tf.sin(angle), tf.cos(angle)];
        });
        return tf.stack([z, ...waves], -1);
      }),
  };
  return record(features, 'fourierEntries', arguments);
}

/**
 * A category 0 to `levels` - 1 as a vector with one 1, and the mask, whose value is `levels`, as one more category.
 * @throws ArgumentError if there are not at least 2 levels
 *
 * @example
 * ```ts
 * const entries = oneHotEntries({ levels: 17 });
 * const network = mlpDenoiser({ shape: [64], outputs: 17, entries, key });
 * const model = multinomialDiffusion({ shape: [64], levels: 17, network });
 * ```
 */
export function oneHotEntries(options: { readonly levels: number }): EntryFeatures {
  checkOptions('oneHotEntries', options, ['levels']);
  const { levels } = options;
  checkInteger('oneHotEntries', 'levels', levels, { min: 2 });
  const features: EntryFeatures = { size: levels + 1, of: (x) => oneHot(x, { depth: levels + 1 }) };
  return record(features, 'oneHotEntries', arguments);
}

/**
 * Levels 0 to `levels` - 1, of which the masked ones have the value `levels`: the level in [-1, 1] and its parity as $\pm 1$, both
 * 0 where it is masked, and whether it is masked.
 * @throws ArgumentError if there are not at least 2 levels
 *
 * @example
 * ```ts
 * const entries = maskedEntries({ levels: 17 });
 * const network = mlpDenoiser({ shape: [64], outputs: 17, entries, key });
 * const model = maskedDiffusion({ shape: [64], levels: 17, network });
 * ```
 */
export function maskedEntries(options: { readonly levels: number }): EntryFeatures {
  checkOptions('maskedEntries', options, ['levels']);
  const { levels } = options;
  checkInteger('maskedEntries', 'levels', levels, { min: 2 });
  const features: EntryFeatures = {
    size: 3,
    of: (x) =>
      tf.tidy(() => {
        const masked = tf.cast(tf.greaterEqual(x, levels - 0.5), 'float32');
        const seen = tf.sub(1, masked);
        const value = tf.sub(tf.mul(2 / (levels - 1), x), 1);
        const parity = tf.cos(tf.mul(Math.PI, x));
        return tf.stack([tf.mul(seen, value), masked, tf.mul(seen, parity)], -1);
      }),
  };
  return record(features, 'maskedEntries', arguments);
}
