import { ArgumentError } from '@dgm/core';

/** One part of a long run that several machines share: the `index`th of `count`, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `2/8`, the second of eight parts.
 * @throws ArgumentError if the text is not a part, such as 2/3
 */
export function parseShard(text: string, where: string): Shard {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index >= 1 && index <= count) return { index, count };
  throw new ArgumentError({
    where,
    argument: '--shard',
    expected: 'to be k/n, the k-th of n parts, with k from 1 to n',
    actual: JSON.stringify(text),
  });
}

export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** The members of a list that belong to a part: every `count`th, so that long and short ones spread over all parts. */
export function inShard<T>(all: readonly T[], shard: Shard | undefined): readonly T[] {
  if (shard === undefined) return all;
  return all.filter((_, position) => position % shard.count === shard.index - 1);
}
