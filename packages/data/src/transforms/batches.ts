import { ArgumentError, type Key } from '@dgm/core';
import type { Examples } from '../dataset';
import { subset } from './subset';

export interface BatchesOptions {
  readonly batchSize: number;
  /** Shuffles the examples; without it they come in their order. */
  readonly key?: Key;
}

/**
 * One pass over the examples, some at a time; the last batch may be smaller. Another epoch takes another key.
 * @throws ArgumentError if the batch size is not a positive integer
 */
export function* batches(examples: Examples, { batchSize, key }: BatchesOptions): Generator<Examples, void> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new ArgumentError({
      where: 'batches',
      argument: 'batchSize',
      expected: 'to be a positive integer',
      actual: String(batchSize),
    });
  }
  const order =
    key?.permutation(examples.count) ?? Int32Array.from({ length: examples.count }, (_, row) => row);
  for (let start = 0; start < examples.count; start += batchSize) {
    yield subset(examples, order.subarray(start, start + batchSize));
  }
}
