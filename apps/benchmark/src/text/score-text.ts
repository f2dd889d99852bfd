import type { AutoregressiveModel } from '@dgm/arm';
import { ArgumentError, type DistributionHead } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';

export interface ScoreOptions {
  /** The family of the model's conditionals. */
  readonly likelihood: DistributionHead;
  /** How many windows the model sees at once. @defaultValue 32 */
  readonly batchSize?: number;
}

/**
 * Bits per character of a text that a model of shorter windows reads from its start to its end.
 *
 * Windows overlap by half, and of all but the first the second half counts: every character is predicted once, from at
 * least half a window before it, as far as there is that much.
 *
 * @param values - the characters' numbers; a whole number of windows
 */
export function scoreText(
  model: AutoregressiveModel,
  values: Int32Array,
  { likelihood, batchSize = 32 }: ScoreOptions,
): number {
  const length = model.numVariables;
  if (values.length === 0 || values.length % length !== 0) {
    throw new ArgumentError({
      where: 'scoreText',
      argument: 'values',
      expected: `to be a whole number of windows of ${length}`,
      actual: String(values.length),
    });
  }
  const stride = Math.max(1, length - Math.floor(length / 2));
  const starts: number[] = [];
  for (let start = 0; start + length < values.length; start += stride) starts.push(start);
  starts.push(values.length - length);

  let nats = 0;
  let end = 0; // of the characters that were counted
  for (let at = 0; at < starts.length; at += batchSize) {
    const some = starts.slice(at, at + batchSize);
    const rows = natsOfEach(
      model,
      some.map((start) => values.subarray(start, start + length)),
      likelihood,
    );
    some.forEach((start, row) => {
      for (let place = end - start; place < length; place++) nats += rows[row * length + place]!;
      end = start + length;
    });
  }
  return nats / Math.LN2 / values.length;
}

/** Minus the log-probability of each character given those before it in its window, row by row. */
function natsOfEach(
  model: AutoregressiveModel,
  windows: readonly Int32Array[],
  likelihood: DistributionHead,
): Float32Array {
  return tf.tidy(() => {
    const x = tf.stack(windows.map((window) => tf.tensor1d(Float32Array.from(window))));
    const rows = tf.reshape(model.conditionals(x), [x.size, likelihood.numParameters]);
    return tf.neg(likelihood.distribution(rows).logProb(tf.reshape(x, [x.size]))).dataSync<'float32'>();
  });
}
