import { describe, expect, it } from 'vitest';
import { splitRows } from './split';

describe('splitRows', () => {
  it('deals the rows of the three tables out as published with them', () => {
    const sizes = (count: number) => {
      const { train, validation, test } = splitRows(count);
      return [train.length, validation.length, test.length];
    };
    expect(sizes(53_940)).toEqual([43_157, 5392, 5391]);
    expect(sizes(4454)).toEqual([3568, 442, 444]);
    expect(sizes(344)).toEqual([276, 33, 35]);
  });

  it('keeps a row in its part when others are added', () => {
    const few = splitRows(100);
    expect([...splitRows(1000).test].slice(0, few.test.length)).toEqual([...few.test]);
  });
});
