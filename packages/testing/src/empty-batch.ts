import { DgmError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure } from './assert';

/** The first axis of a tensor without its entries: `[n, ...]` becomes `[0, ...]`. */
export function withoutRows(x: Tensor): Tensor {
  return tf.slice(x, 0, [0, ...x.shape.slice(1)]);
}

/**
 * Runs `use` in a tidy, which may refuse empty tensors by an error of this project, and throws if the engine computes
 * wrong numbers afterwards: a wasm kernel that traps on an empty tensor breaks the memory for the rest of the process.
 */
export function checkEmpty(use: () => void): void {
  try {
    tf.tidy(use);
  } catch (error) {
    if (!DgmError.is(error)) throw error;
  }
  const product = tf.tidy(() => tf.sum(tf.matMul(tf.ones([2, 3]), tf.ones([3, 2]))).dataSync()[0]);
  ensure(product === 12, `after an empty batch the engine computes ${product} in place of 12`);
}

export function ensureShape(actual: readonly number[], expected: readonly number[], what: string): void {
  ensure(String(actual) === String(expected), `${what} has shape [${actual}], expected [${expected}]`);
}
