import { checkInteger, splitBatch } from '@dgm/core';
import { gatherExamples } from '@dgm/core';
import type { ConditionedBatch, Examples, Key, MakeBatch } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** How examples become the batches that a model is asked about. */
export interface ChunkOptions {
  /** Randomness of the batches. */
  readonly key: Key;
  /** How many examples are taken at a time. */
  readonly chunkSize: number;
  /** Makes batches of examples, as for `fit`; by default a batch is the raw values. */
  readonly batch?: MakeBatch<Tensor | ConditionedBatch> | undefined;
}

/** Some examples, `[n, ...shape]`, with their contexts if they have such. */
export type Chunk = ReturnType<typeof splitBatch>;

/** Makers of the examples, some at a time. A maker makes the same batch each time. */
export function chunksOf(
  where: string,
  examples: Examples,
  { key, chunkSize, batch = gatherExamples }: ChunkOptions,
): (() => Chunk)[] {
  checkInteger(where, 'chunkSize', chunkSize);
  return Array.from({ length: Math.ceil(examples.count / chunkSize) }, (_, index) => {
    const start = index * chunkSize;
    const length = Math.min(chunkSize, examples.count - start);
    const rows = Int32Array.from({ length }, (__, row) => start + row);
    return () => splitBatch(batch(examples, rows, { key: key.fold(index), training: false }));
  });
}
