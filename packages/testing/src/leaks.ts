import * as tf from '@tensorflow/tfjs-core';
import { ensure } from './assert';

/**
 * Runs `run` and throws unless the number of live tensors is afterwards what it was, also when `run` throws.
 * What `run` returns must own no tensors, or `run` must have disposed of them.
 */
export function expectNoLeaks<T>(run: () => T, what = 'the call'): T {
  const before = tf.memory().numTensors;
  let result: T;
  try {
    result = run();
  } catch (error) {
    const after = tf.memory().numTensors;
    ensure(
      after === before,
      `${what} threw and left ${after - before} tensors behind; it threw: ${String(error)}`,
    );
    throw error;
  }
  const after = tf.memory().numTensors;
  ensure(after === before, `${what} left ${after - before} tensors behind`);
  return result;
}
