import { checkInteger, checkKey, checkOptions, type Key } from '@dgm/core';
import type { Examples } from '../dataset';
import { subset } from './subset';

export interface BatchesOptions {
  readonly batchSize: number;
  /** Shuffles the examples; without it they come in their order. */
  readonly key?: Key;
  /** Whether a last batch of fewer examples is left out. @defaultValue false */
  readonly dropLast?: boolean;
}

/**
 * One pass over the examples, some at a time. Another epoch takes another key.
 * @throws ArgumentError if the batch size is not a positive integer
 *
 * @example
 * ```ts
 * for (const batch of batches(data.train, { batchSize: 100, key })) console.log(batch.count); // 100, ten times
 * ```
 */
export function* batches(examples: Examples, options: BatchesOptions): Generator<Examples, void> {
  checkOptions('batches', options, ['batchSize', 'key', 'dropLast']);
  const { batchSize, key, dropLast = false } = options;
  checkInteger('batches', 'batchSize', batchSize);
  if (key !== undefined) checkKey('batches', key);
  const order =
    key?.permutation(examples.count) ?? Int32Array.from({ length: examples.count }, (_, row) => row);
  const end = dropLast ? examples.count - (examples.count % batchSize) : examples.count;
  for (let start = 0; start < end; start += batchSize) {
    yield subset(examples, order.subarray(start, start + batchSize));
  }
}
