import type { Examples, Key, PreparedFunction } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor3D } from '@tensorflow/tfjs-core';

/** Rows that are scored at a time. */
const BLOCK = 64;

/**
 * Asks for one number for each of some rows, in blocks of one size, so that a row's number depends on no other row.
 * @param measure - gives `[64]` for rows `[64, ...shape]`
 */
export async function measureRows(
  measure: PreparedFunction<Tensor3D>,
  { values, count, shape }: Examples,
  key: Key,
): Promise<Float64Array> {
  const found = new Float64Array(count);
  const size = shape[0]! * shape[1]!;
  for (let start = 0; start < count; start += BLOCK) {
    const block = new Float32Array(BLOCK * size);
    for (let row = 0; row < BLOCK; row++) {
      const from = Math.min(start + row, count - 1) * size;
      block.set(values.subarray(from, from + size), row * size);
    }
    const batch = tf.tensor3d(block, [BLOCK, shape[0]!, shape[1]!]);
    try {
      const measured = await measure.run(batch, key);
      found.set(measured.subarray(0, Math.min(BLOCK, count - start)), start);
    } finally {
      batch.dispose();
    }
  }
  return found;
}

/** The same rows `draws` times, `[draws * n, ...event]`. */
export function repeated(x: Tensor3D, draws: number): Tensor3D {
  return tf.tile(x, [draws, 1, 1]);
}
