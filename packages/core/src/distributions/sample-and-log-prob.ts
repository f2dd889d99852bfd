import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import type { Distribution } from './distribution';

/**
 * Draws of a distribution with their log-densities, the way that the distribution prefers. The draws are those of `sample`.
 *
 * @returns `x`: `[...sampleShape, ...batch, ...event]`, and `logProb` in nats: `[...sampleShape, ...batch]`; the caller owns both
 */
export function sampleAndLogProb<X extends Tensor>(
  distribution: Distribution<X>,
  key: Key,
  sampleShape: Shape = [],
): { x: X; logProb: Tensor } {
  if (distribution.sampleAndLogProb) return distribution.sampleAndLogProb(key, sampleShape);
  return tf.tidy(() => {
    const x = distribution.sample(key, sampleShape);
    return { x, logProb: distribution.logProb(x) };
  });
}
