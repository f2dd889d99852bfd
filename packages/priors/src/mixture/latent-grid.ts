import { checkInteger, checkNumber, checkOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

export interface LatentGridOptions {
  /** Points along each axis: K is `pointsPerAxis ** dimensions`. */
  readonly pointsPerAxis: number;
  /**
   * The dimension C of the grid.
   * @defaultValue 2
   */
  readonly dimensions?: number;
  /**
   * The first and the last point of each axis.
   * @defaultValue [-1, 1]
   */
  readonly range?: readonly [number, number];
}

/**
 * The Cartesian grid $\{u_k\}$ of generative topographic mapping, the last axis fastest. (The example in §4.4.1.4 of DGM
 * repeats some of its points and leaves out others.)
 * @returns `[pointsPerAxis ** dimensions, dimensions]`; the caller owns it
 * @throws ArgumentError if `pointsPerAxis` is not an integer of at least 2, `dimensions` not a positive one, or `range` not
 *   two increasing numbers
 */
export function latentGrid({
  pointsPerAxis,
  dimensions = 2,
  range: [min, max] = [-1, 1],
  ...unknown
}: LatentGridOptions): Tensor {
  checkOptions('latentGrid', unknown, ['pointsPerAxis', 'dimensions', 'range']);
  checkInteger('latentGrid', 'pointsPerAxis', pointsPerAxis, { min: 2 });
  checkInteger('latentGrid', 'dimensions', dimensions);
  checkNumber('latentGrid', 'range[0]', min);
  checkNumber('latentGrid', 'range[1]', max, { above: min });
  const count = pointsPerAxis ** dimensions;
  const step = (max - min) / (pointsPerAxis - 1);
  const points = Float32Array.from({ length: count * dimensions }, (_, index) => {
    const axis = index % dimensions;
    const digit = Math.floor(Math.floor(index / dimensions) / pointsPerAxis ** (dimensions - 1 - axis));
    return min + step * (digit % pointsPerAxis);
  });
  return tf.tensor2d(points, [count, dimensions]);
}
