import { sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { connect } from './gradients';
import { rowsOf } from './tensors';

/** One dense Jacobian per event of `size` elements, by one backward pass per output element. */
export function jacobians(f: (x: Tensor) => Tensor, x: Tensor, size: number): number[][][] {
  const count = sizeOf(x.shape) / size;
  const rows = Array.from({ length: size }, (_, output) => {
    const mask = tf.tensor(
      Float32Array.from({ length: count * size }, (_unused, i) => (i % size === output ? 1 : 0)),
    );
    const gradient = tf.grad((input: Tensor) =>
      connect(tf.sum(tf.mul(tf.reshape(f(input), [-1]), mask)), input),
    );
    return rowsOf(Array.from(gradient(x).dataSync()), size);
  });
  return Array.from({ length: count }, (_, event) => rows.map((row) => row[event]!));
}

/** The logarithm of |det A| by elimination with partial pivoting; -Infinity for a singular matrix. */
export function logAbsDeterminant(matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row) => [...row]);
  let total = 0;
  for (let column = 0; column < rows.length; column++) {
    let pivot = column;
    for (let row = column + 1; row < rows.length; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    const [top] = rows.splice(pivot, 1);
    rows.splice(column, 0, top!);
    total += Math.log(Math.abs(top![column]!));
    for (const below of rows.slice(column + 1)) {
      const factor = below[column]! / top![column]!;
      for (let entry = column; entry < rows.length; entry++) below[entry]! -= factor * top![entry]!;
    }
  }
  return total;
}
