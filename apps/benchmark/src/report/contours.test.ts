import { describe, expect, it } from 'vitest';
import { contour, massLevels } from './contours';

/** A function on a square around 0, `reach` to each side. */
function gridOf(size: number, reach: number, f: (x: number, y: number) => number) {
  const at = (index: number) => (2 * reach * index) / (size - 1) - reach;
  const values = Array.from({ length: size * size }, (_, i) => f(at(i % size), at(Math.floor(i / size))));
  return { size, values };
}

const normal = gridOf(121, 6, (x, y) => -0.5 * (x * x + y * y));

describe('massLevels', () => {
  it('of a normal distribution in two dimensions enclose 1 - exp(-r^2 / 2)', () => {
    const shares = [0.1, 0.5, 0.9, 0.99];
    const radii = massLevels(normal, shares).map((level) => Math.sqrt(-2 * level));
    shares.forEach((share, i) => expect(radii[i]).toBeCloseTo(Math.sqrt(-2 * Math.log(1 - share)), 1));
  });

  it('passes over places without mass', () => {
    const values = [0, -Infinity, -Infinity, 0];
    expect(massLevels({ size: 2, values }, [0.5, 1])).toEqual([0, 0]);
  });
});

describe('contour', () => {
  it('runs at its level: a circle, closed and of the right length', () => {
    const pieces = contour(normal, -2.003); // r = 2, and no crossing of the grid on it
    const unit = 12 / 120;
    const place = (value: number) => value * unit - 6;
    let length = 0;
    const ends = new Map<string, number>();
    for (const [x1, y1, x2, y2] of pieces) {
      expect(Math.hypot(place(x1), place(y1))).toBeCloseTo(2, 1);
      length += unit * Math.hypot(x2 - x1, y2 - y1);
      for (const [x, y] of [
        [x1, y1],
        [x2, y2],
      ] as const) {
        const end = `${x.toFixed(6)},${y.toFixed(6)}`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    }
    expect(length).toBeCloseTo(4 * Math.PI, 1);
    expect(new Set(ends.values())).toEqual(new Set([2]));
  });

  it('keeps two summits apart at a saddle that lies below, and joins them above', () => {
    // The corners (0, 0) and (1, 1) are high.
    const saddle = (middle: number) => ({
      size: 2,
      values: [1 + middle, -1 + middle, -1 + middle, 1 + middle],
    });
    const around = ([x1, y1, x2, y2]: readonly number[]) => x1! + y1! + x2! + y2!; // 1 beside the origin, 3 beside (1, 1)
    expect(contour(saddle(-0.5), 0).map(around).sort()).toEqual([0.5, 3.5]);
    expect(contour(saddle(0.5), 0).map(around)).toEqual([2, 2]);
  });

  it('has no pieces where nothing crosses', () => {
    expect(contour(normal, 1)).toEqual([]);
  });
});
