import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The centres of `size` x `size` cells of a square, the lowest row first: `[size², 2]`. */
export function cellCentres([low, high]: readonly [number, number], size: number): tf.Tensor2D {
  const width = (high - low) / size;
  const values = Float32Array.from({ length: 2 * size * size }, (_, index) => {
    const cell = index >> 1;
    return low + ((index % 2 === 0 ? cell % size : Math.floor(cell / size)) + 0.5) * width;
  });
  return tf.tensor2d(values, [size * size, 2]);
}

/** A density over a square for a panel. */
export async function densityOver(
  range: readonly [number, number],
  logDensity: (x: Tensor) => Tensor,
  size = 64,
): Promise<{ readonly size: number; readonly values: Float32Array }> {
  const logs = await read(tf.tidy(() => logDensity(cellCentres(range, size))));
  const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  return { size, values: logs.map((value) => Math.exp(value - largest)) };
}

/** The values of a tensor, which is disposed of. */
export async function read(x: Tensor): Promise<Float32Array> {
  try {
    return (await x.data()) as Float32Array;
  } finally {
    x.dispose();
  }
}
