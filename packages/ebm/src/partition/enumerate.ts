import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Sums over the states of at most so many bits are feasible. */
export const MOST_BITS = 20;

/** States that are looked at together, as a power of 2, which limits the memory. */
const CHUNK_BITS = 12;

/**
 * All states of `bits` bits in pieces, `[2^k, bits]` each: the number of a state is its bits, the first the lowest.
 * @returns a piece for each call of a function; the caller owns it
 */
export function bitStates(bits: number): readonly (() => Tensor)[] {
  const rows = 2 ** Math.min(bits, CHUNK_BITS);
  return Array.from({ length: 2 ** bits / rows }, (_, chunk) => () => {
    const values = new Float32Array(rows * bits);
    for (let row = 0; row < rows; row++) {
      const state = chunk * rows + row;
      for (let bit = 0; bit < bits; bit++) values[row * bits + bit] = (state >>> bit) & 1;
    }
    return tf.tensor2d(values, [rows, bits]);
  });
}
