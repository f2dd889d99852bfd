import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { FlowCall } from '../flow-layer';

/** Sums all axes but the first: log-slopes of the elements of events `[n, ...]` become log-determinants `[n]`. */
export function sumEvent(perElement: Tensor): Tensor {
  if (perElement.rank === 1) return perElement;
  return tf.sum(
    perElement,
    perElement.shape.slice(1).map((_, axis) => axis + 1),
  );
}

/** The log-determinants of a map that keeps volumes. */
export function noVolume(x: Tensor): Tensor {
  return tf.zeros([x.shape[0]!]);
}

/** The call for one part of several: the same but for the key, of which every part gets its own. */
export function forPart(call: FlowCall, part: string | number): FlowCall {
  return call.key === undefined ? call : { ...call, key: call.key.fold(part) };
}

/** The input of a conditioner: what it may see, `[n, ..., c]`, and the context beside it, the same at all positions. */
export function withContext(visible: Tensor, { context }: FlowCall): Tensor {
  if (context === undefined) return visible;
  const positions = visible.shape.slice(1, -1);
  const features = context.shape.at(-1)!;
  const expanded = tf.reshape(context, [visible.shape[0]!, ...positions.map(() => 1), features]);
  const everywhere = positions.length === 0 ? context : tf.tile(expanded, [1, ...positions, 1]);
  return tf.concat([visible, everywhere], -1);
}
