/** Values at the crossings of a square grid, row by row from the lowest y. */
export interface Grid {
  readonly size: number;
  readonly values: readonly number[];
}

/** A straight piece of a contour, in units of grid lines. */
export type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

/**
 * The values that a density exceeds on the densest part of a grid with the given shares of the mass.
 * @param logDensity - up to a constant; -Infinity where there is no mass
 */
export function massLevels({ values: logDensity }: Grid, shares: readonly number[]): number[] {
  const sorted = [...logDensity].sort((a, b) => b - a);
  const largest = sorted[0]!;
  const total = sorted.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return shares.map((share) => {
    let mass = 0;
    const last = sorted.find((value) => (mass += Math.exp(value - largest)) >= share * total);
    return last ?? -Infinity;
  });
}

/** The pieces of the line along which a function on a grid has a value: marching squares with linear interpolation. */
export function contour({ size, values }: Grid, level: number): Segment[] {
  const cells = Array.from({ length: (size - 1) ** 2 }, (_, cell) => [
    cell % (size - 1),
    Math.floor(cell / (size - 1)),
  ]) as [number, number][];
  return cells.flatMap(([x, y]) => {
    // The corners of a cell, counter-clockwise, and where the line crosses the sides between them.
    const corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]] as const; // prettier-ignore
    const heights = corners.map(([column, row]) => values[row * size + column]! - level);
    const crossings = corners.flatMap(([x1, y1], side) => {
      const [start, end] = [heights[side]!, heights[(side + 1) % 4]!];
      if (start > 0 === end > 0) return [];
      const [x2, y2] = corners[(side + 1) % 4]!;
      const share = Number.isFinite(start) && Number.isFinite(end) ? start / (start - end) : 0.5;
      return [[x1 + share * (x2 - x1), y1 + share * (y2 - y1)] as const];
    });
    return pairs(crossings, heights[0]! > 0 === meanOf(heights) > 0);
  });
}

/** Two crossings are a piece; of four, the middle of the cell decides which belong together. */
function pairs(crossings: readonly (readonly [number, number])[], firstIsConnected: boolean): Segment[] {
  const join = (from: number, to: number): Segment => [...crossings[from]!, ...crossings[to]!];
  if (crossings.length === 2) return [join(0, 1)];
  if (crossings.length !== 4) return [];
  return firstIsConnected ? [join(0, 1), join(2, 3)] : [join(3, 0), join(1, 2)];
}

function meanOf(heights: readonly number[]): number {
  return heights.reduce((sum, height) => sum + height, 0) / heights.length;
}
