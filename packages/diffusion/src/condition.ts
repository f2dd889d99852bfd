import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The context of a network: the columns of times before the condition, `[n, columns + contextSize]`.
 * @param columns - `[n]` each, or one time for all rows
 */
export function withTimes(n: number, columns: readonly Tensor[], context: Tensor | undefined): Tensor {
  const all = columns.map((t) => tf.mul(tf.ones([n, 1]), tf.reshape(t, [t.size, 1])));
  return tf.concat(context === undefined ? all : [...all, context], 1);
}

/** What an estimate is guided by. */
export interface Guidance {
  readonly context: Tensor | undefined;
  readonly guidance: number;
}

/**
 * Classifier-free guidance, $f_\varnothing + w (f_c - f_\varnothing)$, where a row of zeros is no condition: both estimates in one
 * pass of the network.
 * @see Classifier-Free Diffusion Guidance (Ho and Salimans, 2022), Eq. 6, whose w is smaller by 1
 */
export function guided(
  x: Tensor,
  { context, guidance }: Guidance,
  estimate: (x: Tensor, context: Tensor | undefined) => Tensor,
): Tensor {
  if (context === undefined || guidance === 1) return estimate(x, context);
  const both = estimate(tf.concat([x, x]), tf.concat([context, tf.zerosLike(context)]));
  const [given, free] = tf.split(both, 2) as [Tensor, Tensor];
  return tf.add(free, tf.mul(guidance, tf.sub(given, free)));
}
