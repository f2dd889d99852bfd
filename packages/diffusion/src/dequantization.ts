import { sizeOf } from '@dgm/core';
import type { Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sumOverEvent } from './rows';

export const dequantizations = ['uniform', 'beta'] as const;

/**
 * The noise u in [0, 1) that is added to integers. The density of `beta`, $6 u (1 - u)$, falls to 0 where the next level begins,
 * so the density of the sum has no steps that a flow would have to follow.
 */
export type Dequantization = (typeof dequantizations)[number];

/** Integers 0 to `levels` - 1, and the noise that is added to them; or real numbers, which stay as they are. */
export interface DequantizedData {
  readonly levels: number | undefined;
  readonly dequantization: Dequantization;
}

/**
 * The data that a flow sees, $z = 2 (x + u) / \text{levels} - 1$ for integers x.
 * @returns z, the shape of x, and `offset`, `[n]`: what turns the log-density of z into a draw of a bound on the log-probability
 * of x, $D \ln (2 / \text{levels}) - \ln q(u)$
 */
export function dequantized(
  x: Tensor,
  { levels, dequantization }: DequantizedData,
  key: Key,
): { readonly z: Tensor; readonly offset: Tensor } {
  const n = x.shape[0]!;
  if (levels === undefined) return { z: tf.clone(x), offset: tf.zeros([n]) };
  const u = noise(dequantization, x.shape, key);
  const logVolume = sizeOf(x.shape.slice(1)) * Math.log(2 / levels);
  return {
    z: tf.sub(tf.mul(2 / levels, tf.add(x, u)), 1),
    offset: dequantization === 'uniform' ? tf.fill([n], logVolume) : tf.sub(logVolume, logDensityOfBeta(u)),
  };
}

/** The way back: the level in whose interval each entry lies. */
export function toLevels(z: Tensor, levels: number | undefined): Tensor {
  if (levels === undefined) return tf.clone(z);
  const value = tf.floor(tf.mul(levels / 2, tf.add(z, 1)));
  return tf.minimum(levels - 1, tf.maximum(0, value));
}

/** One draw of Beta(2, 2) is the median of three uniform ones. */
function noise(kind: Dequantization, shape: Shape, key: Key): Tensor {
  const a = key.uniform([...shape]);
  if (kind === 'uniform') return a;
  const [b, c] = [key.fold('b').uniform([...shape]), key.fold('c').uniform([...shape])];
  return tf.maximum(tf.minimum(a, b), tf.minimum(tf.maximum(a, b), c));
}

/** $\sum \ln 6 u (1 - u)$, `[n]`. */
function logDensityOfBeta(u: Tensor): Tensor {
  return sumOverEvent(tf.log(tf.mul(tf.mul(6, u), tf.sub(1, u))));
}
