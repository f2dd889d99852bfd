import { sizeOf } from '@dgm/core';
import type { CallOptions, Dequantizer, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sumOverEvent } from './rows';

export const dequantizations = ['uniform', 'beta', 'bates'] as const;

/**
 * The noise u in [0, 1) that is added to integers. The density of `beta`, $6 u (1 - u)$, falls to 0 where the next level begins,
 * so the density of the sum has no steps that a flow would have to follow. `bates` is the mean of four uniform draws, which is
 * nearly normal: what the parameterization `levels` of a flow knows already.
 */
export type Dequantization = (typeof dequantizations)[number];

/** The variance of u. */
export const varianceOfNoise: Readonly<Record<Dequantization, number>> = {
  uniform: 1 / 12,
  beta: 1 / 20,
  bates: 1 / 48,
};

/** Integers 0 to `levels` - 1, and the noise that is added to them; or real numbers, which stay as they are. */
export interface DequantizedData {
  readonly levels: number | undefined;
  readonly dequantization: Dequantization | Dequantizer;
}

/**
 * The data that a flow sees, $z = 2 (x + u) / \text{levels} - 1$ for integers x.
 * @param call - for noise that is learned
 * @returns z, the shape of x, and `offset`, `[n]`: what turns the log-density of z into a draw of a bound on the log-probability
 * of x, $D \ln (2 / \text{levels}) - \ln q(u)$
 */
export function dequantized(
  x: Tensor,
  { levels, dequantization }: DequantizedData,
  key: Key,
  call: CallOptions = {},
): { readonly z: Tensor; readonly offset: Tensor } {
  const n = x.shape[0]!;
  if (levels === undefined) return { z: tf.clone(x), offset: tf.zeros([n]) };
  const { noise: u, logProb } =
    typeof dequantization === 'string'
      ? drawn(dequantization, x.shape, key)
      : dequantization.draw(x, key, call);
  const logVolume = sizeOf(x.shape.slice(1)) * Math.log(2 / levels);
  return { z: tf.sub(tf.mul(2 / levels, tf.add(x, u)), 1), offset: tf.sub(logVolume, logProb) };
}

/** The way back: the level in whose interval each entry lies. */
export function toLevels(z: Tensor, levels: number | undefined): Tensor {
  if (levels === undefined) return tf.clone(z);
  const value = tf.floor(tf.mul(levels / 2, tf.add(z, 1)));
  return tf.minimum(levels - 1, tf.maximum(0, value));
}

function drawn(kind: Dequantization, shape: Shape, key: Key): { noise: Tensor; logProb: Tensor } {
  const u = noise(kind, shape, key);
  return { noise: u, logProb: logDensity(kind, u) };
}

function noise(kind: Dequantization, shape: Shape, key: Key): Tensor {
  const draw = (name: string): Tensor => key.fold(name).uniform([...shape]);
  const a = key.uniform([...shape]);
  if (kind === 'uniform') return a;
  const [b, c] = [draw('b'), draw('c')];
  // One draw of Beta(2, 2) is the median of three uniform ones.
  if (kind === 'beta') return tf.maximum(tf.minimum(a, b), tf.minimum(tf.maximum(a, b), c));
  return tf.div(tf.addN([a, b, c, draw('d')]), 4);
}

/** $\sum \ln q(u)$, `[n]`. */
function logDensity(kind: Dequantization, u: Tensor): Tensor {
  if (kind === 'uniform') return tf.zeros([u.shape[0]!]);
  if (kind === 'beta') return sumOverEvent(tf.log(tf.mul(tf.mul(6, u), tf.sub(1, u))));
  // 4 B(4 u) with the cubic B-spline B on [0, 4], by the distance r from its middle and e = 2 - r from its end:
  // 6 B = e^3 for r >= 1, and e^3 - 4 (1 - r)^3 below.
  const r = tf.abs(tf.mul(4, tf.sub(u, 0.5)));
  const inner = tf.mul(4, tf.pow(tf.relu(tf.sub(1, r)), 3));
  const density = tf.mul(4 / 6, tf.sub(tf.pow(tf.sub(2, r), 3), inner));
  return sumOverEvent(tf.log(density));
}
