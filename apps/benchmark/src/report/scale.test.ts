import { describe, expect, it } from 'vitest';
import { extent, scale, ticks, tickTexts } from './scale';

describe('ticks', () => {
  it.each([
    [0, 10, 5, [0, 2, 4, 6, 8, 10]],
    [86.2, 106.3, 4, [90, 95, 100, 105]],
    [95, 185, 4, [100, 120, 140, 160, 180]],
    [0.93, 1.42, 4, [1, 1.2, 1.4]],
    [-0.3, 0.3, 6, [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]],
    [1, 2, 6, [1, 1.2, 1.4, 1.6, 1.8, 2]],
    [3, 3, 4, [3]],
  ])('from %d to %d, about %d', (min, max, count, expected) => {
    expect(ticks({ min, max }, count)).toEqual(expected);
  });
});

describe('tickTexts', () => {
  it('tells neighbours apart', () => {
    expect(tickTexts([0.5, 1, 1.5])).toEqual(['0.5', '1.0', '1.5']);
    expect(tickTexts([100, 1200])).toEqual(['100', '1\u2009200']);
  });
});

describe('scale', () => {
  it('maps its ends to 0 and 100 percent, and survives having no extent', () => {
    expect([2, 3, 4].map((value) => scale(2, 4).percent(value))).toEqual([0, 50, 100]);
    expect(scale(2, 2).percent(2)).toBe(0);
  });
});

it('takes the extent of more values than fit into a call', () => {
  expect(extent(Array.from({ length: 300_000 }, (_, index) => index - 5))).toEqual([-5, 299_994]);
});
