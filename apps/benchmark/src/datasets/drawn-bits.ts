import { gatherExamples, type Examples, type MakeBatch } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Bits that were drawn from grey levels. */
export interface DrawnBits extends Examples {
  /** Of a 1, for each entry. */
  readonly probabilities: Float32Array;
}

export const isDrawnBits = (examples: Examples): examples is DrawnBits => 'probabilities' in examples;

/** Draws the bits of training rows anew for each batch; rows that are measured stay as they are. */
export const redrawnBits: MakeBatch<Tensor> = (examples, rows, { key, training }) => {
  if (!training || !isDrawnBits(examples)) return gatherExamples(examples, rows);
  return tf.tidy(() => {
    const chances = gatherExamples({ ...examples, values: examples.probabilities }, rows);
    return tf.cast(tf.less(key.uniform(chances.shape), chances), 'float32');
  });
};
