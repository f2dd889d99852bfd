import * as tf from '@tensorflow/tfjs-core';
import type { GenerativeModel } from '../model/generative-model';
import type { Key } from '../random/key';
import { allRows, batchRows, type Examples, type MakeBatch } from './examples';

export interface ValidationOptions<B> {
  readonly key: Key;
  readonly batchSize: number;
  readonly batch: MakeBatch<B>;
}

/** Mean over the examples of the `total` of the model's first objective, not training, summed up in doubles. */
export async function meanLoss<B>(
  model: GenerativeModel<B>,
  examples: Examples,
  { key, batchSize, batch }: ValidationOptions<B>,
): Promise<number> {
  const objective = model.objectives()[0]!;
  const rows = allRows(examples.count);
  let sum = 0;
  for (let index = 0; index * batchSize < examples.count; index++) {
    const part = batchRows(rows, batchSize, index);
    const batchKey = key.fold(index);
    const input = batch(examples, part, { key: batchKey.fold('batch'), training: false });
    try {
      const loss = tf.tidy(
        () => objective.loss(input, batchKey.fold(objective.name), { training: false }).total,
      );
      const [value] = await loss.data();
      loss.dispose();
      sum += value! * part.length;
    } finally {
      tf.dispose(input as tf.TensorContainer);
    }
  }
  return sum / examples.count;
}
