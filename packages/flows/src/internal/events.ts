import { sumLastAxes } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Sums all axes but the first: log-slopes of the elements of events `[n, ...]` become log-determinants `[n]`. */
export function sumEvent(perElement: Tensor): Tensor {
  return sumLastAxes(perElement, perElement.rank - 1);
}

/** The log-determinants of a volume-preserving map: zeros. */
export function noVolume(x: Tensor): Tensor {
  return tf.zeros([x.shape[0]!]);
}

/**
 * The input of a conditioner: the visible elements, `[n, ..., c]`, concatenated with the context, which is repeated
 * at all positions.
 */
export function withContext(visible: Tensor, { context }: CallOptions): Tensor {
  if (context === undefined) return visible;
  const positions = visible.shape.slice(1, -1);
  const features = context.shape.at(-1)!;
  const expanded = tf.reshape(context, [visible.shape[0]!, ...positions.map(() => 1), features]);
  const everywhere = positions.length === 0 ? context : tf.tile(expanded, [1, ...positions, 1]);
  return tf.concat([visible, everywhere], -1);
}
