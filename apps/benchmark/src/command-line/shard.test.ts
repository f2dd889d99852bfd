import { describe, expect, it } from 'vitest';
import { formatShard, inShard, parseShard } from './shard';

describe('a shard', () => {
  it('is one part of a whole, each member of which is in one part', () => {
    const all = Array.from({ length: 11 }, (_, index) => index);
    const parts = [1, 2, 3, 4].map((index) => inShard(all, { index, count: 4 }));
    expect(parts.map(({ length }) => length)).toEqual([3, 3, 3, 2]);
    expect(parts.flat().sort((a, b) => a - b)).toEqual(all);
    expect(inShard(all, undefined)).toBe(all);
  });

  it('is written as it is read', () => {
    expect(formatShard(parseShard('2/8', 'test'))).toBe('2/8');
  });

  it.each(['0/2', '3/2', '1', '1/0', '-1/2', '1/2/3', 'a/b', '1.5/2', ''])('is not %j', (text) => {
    expect(() => parseShard(text, 'test')).toThrow('--shard to be k/n');
  });
});
