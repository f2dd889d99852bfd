import { broadcastTo, selectByMask } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import {
  binOf,
  inside,
  intervalOf,
  leftEnds,
  movedBetween,
  pick,
  shares,
  type PiecewiseOptions,
} from './piecewise';
import type { Transformer } from './transformer';

/**
 * A monotone map that is linear within each bin and the identity outside `[minimum, maximum]`: the inverse of a
 * histogram's distribution function.
 *
 * Bins have equal width on the side of the data; the parameters of an element are the logits of their probabilities.
 * With one bin per value of dequantized data and a uniform base over the interval, each value can have any
 * probability, and the bound of uniform dequantization is tight.
 * @see Neural Importance Sampling (Müller et al., 2019), §4.1
 *
 * @example
 * ```ts
 * const transformer = linearSpline({ bins: 17, minimum: 0, maximum: 17 });
 * const layer = new Coupling({
 *   mask: halfMask(8),
 *   network: mlp([4, 32, 4 * transformer.numParameters], { key }), // 17 for each element
 *   transformer,
 * });
 * ```
 */
export function linearSpline(options: PiecewiseOptions = {}): Transformer {
  const interval = intervalOf(options, 'linearSpline');
  const { bins, minimum, width } = interval;
  const dataEnds = (): Tensor =>
    tf.tensor1d(Array.from({ length: bins }, (_, index) => minimum + (index * width) / bins));
  const heightsOf = (parameters: Tensor): Tensor => tf.mul(width, shares(parameters, interval));
  const transformer: Transformer = {
    numParameters: bins,
    inverse: (y, parameters) => {
      const within = inside(y, interval);
      const safe = selectByMask(within, y, (minimum + interval.maximum) / 2);
      const heights = heightsOf(parameters);
      const bin = binOf(safe, broadcastTo(dataEnds(), parameters.shape));
      const slope = tf.div(pick(bin, heights), width / bins);
      const start = pick(bin, leftEnds(heights, minimum));
      const raw = tf.add(start, tf.mul(slope, tf.sub(safe, pick(bin, dataEnds()))));
      // Beyond the interval, by rounding alone, a uniform base has no density.
      const value = movedBetween(minimum, raw, interval.maximum);
      return { z: selectByMask(within, value, y), logDet: selectByMask(within, tf.log(slope), 0) };
    },
    forward: (z, parameters) => {
      const within = inside(z, interval);
      const safe = selectByMask(within, z, (minimum + interval.maximum) / 2);
      const heights = heightsOf(parameters);
      const ends = leftEnds(heights, minimum);
      const bin = binOf(safe, ends);
      const slope = tf.div(pick(bin, heights), width / bins);
      const raw = tf.add(pick(bin, dataEnds()), tf.div(tf.sub(safe, pick(bin, ends)), slope));
      const value = movedBetween(minimum, raw, interval.maximum);
      return { y: selectByMask(within, value, z), logDet: selectByMask(within, tf.neg(tf.log(slope)), 0) };
    },
  };
  return record(transformer, 'linearSpline', arguments);
}
