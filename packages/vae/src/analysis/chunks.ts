import { checkInteger, splitBatch } from '@dgm/core';
import { gatherExamples } from '@dgm/core';
import type { ConditionedBatch, Examples, Key, MakeBatch } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** How examples are batched. */
export interface ChunkOptions {
  /** Randomness of the batches. */
  readonly key: Key;
  /** The number of examples per batch. */
  readonly chunkSize: number;
  /** Makes batches of examples, as for `fit`. By default a batch holds the raw values. */
  readonly batch?: MakeBatch<Tensor | ConditionedBatch> | undefined;
}

/** A batch of examples, `[n, ...shape]`, with their contexts if they have any. */
export type Chunk = ReturnType<typeof splitBatch>;

/** Functions that build batches of at most `chunkSize` examples. Each returns the same batch on every call. */
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
