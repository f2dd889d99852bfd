import { checkThat, oneHot } from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * How a network sees the values: `raw` - as they are; `scaled` - from -1 to 1; `one-hot` - a feature for each value, with
 * which the first layer learns a vector for each.
 */
export type ValueEncodingName = (typeof VALUE_ENCODINGS)[number];
export const VALUE_ENCODINGS = ['raw', 'scaled', 'one-hot'] as const;

/** Features of values: `[...]` to `[..., features]`; those of a variable with channels side by side. */
export interface ValueEncoding {
  readonly features: number;
  encode(x: Tensor): Tensor;
}

const FEW_VALUES = 128;

/**
 * The encoding of a name; by default `one-hot` for few values, `scaled` for many and `raw` for values without a largest one.
 * @throws ArgumentError where values without a largest one are to be scaled or one-hot
 *
 * @example
 * ```ts
 * const head = categoricalHead({ shape: [64], levels: 17 });
 * valueEncoding(head).features; // 17: one-hot
 * ```
 */
export function valueEncoding(head: DistributionHead, name?: ValueEncodingName): ValueEncoding {
  const ofValue = encodingOfValues(head, name);
  const [channels] = head.eventShape;
  if (channels === undefined) return ofValue;
  const features = channels * ofValue.features;
  return {
    features,
    encode: (x) => tf.reshape(ofValue.encode(x), [...x.shape.slice(0, -1), features]),
  };
}

function encodingOfValues({ levels }: DistributionHead, name?: ValueEncodingName): ValueEncoding {
  const chosen =
    name ??
    (levels === undefined || levels === Infinity ? 'raw' : levels <= FEW_VALUES ? 'one-hot' : 'scaled');
  if (chosen === 'raw') return { features: 1, encode: (x) => tf.expandDims(x, -1) };
  checkThat('valueEncoding', 'encoding', levels !== undefined && levels !== Infinity, {
    expected: 'to be raw for values without a largest one',
    actual: chosen,
  });
  if (chosen === 'one-hot') return { features: levels, encode: (x) => oneHot(x, { depth: levels }) };
  return { features: 1, encode: (x) => tf.expandDims(tf.sub(tf.mul(x, 2 / (levels - 1)), 1), -1) };
}
