import { ArgumentError } from '../errors/dgm-error';

let limit = Infinity;

/**
 * Runs a function in which {@link checkSize} refuses tensors of more than `max` numbers: sizes that come from a file must not
 * exhaust the memory before they are compared with what the file holds.
 */
export function withSizeLimit<T>(max: number, make: () => T): T {
  const outer = limit;
  limit = Math.min(outer, max);
  try {
    return make();
  } finally {
    limit = outer;
  }
}

/**
 * Checks the number of elements of a tensor that is about to be made.
 * @throws {@link ArgumentError} within {@link withSizeLimit} if it exceeds the limit
 */
export function checkSize(where: string, size: number): void {
  if (size <= limit) return;
  throw new ArgumentError({
    where,
    argument: 'size',
    expected: `to be at most ${limit}, by what the file holds`,
    actual: `${size} numbers`,
  });
}
