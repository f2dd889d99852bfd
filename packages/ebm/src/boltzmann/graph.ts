import { checkInteger, checkOptions, checkThat } from '@dgm/core';

/** A pair of units that interact. */
export type Edge = readonly [number, number];

/**
 * The pairs of neighbours of a rectangular grid, whose units are counted row by row.
 * @param plane - rows and columns
 * @param options - `periodic`: whether the last row and column are neighbours of the first (`@defaultValue false`)
 * @throws {@link ArgumentError} if a size is not a positive integer, or below 3 on a periodic grid.
 *
 * @example
 * ```ts
 * const edges = gridEdges([8, 8], { periodic: true }); // 128 pairs, such as [0, 1] and [0, 8]
 * const model = boltzmannMachine({ shape: [64], edges, key });
 * ```
 */
export function gridEdges(
  plane: readonly [number, number],
  options: { readonly periodic?: boolean } = {},
): readonly Edge[] {
  const where = 'gridEdges';
  checkThat(where, 'plane', Array.isArray(plane), {
    expected: 'to be [rows, columns]',
    actual: typeof plane,
  });
  checkOptions(where, options, ['periodic']);
  const [rows, columns] = plane as readonly [number, number];
  const { periodic = false } = options;
  const min = periodic ? 3 : 1;
  checkInteger(where, 'rows', rows, { min });
  checkInteger(where, 'columns', columns, { min });
  const edges: Edge[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const unit = row * columns + column;
      if (periodic || column + 1 < columns) edges.push([unit, row * columns + ((column + 1) % columns)]);
      if (periodic || row + 1 < rows) edges.push([unit, ((row + 1) % rows) * columns + column]);
    }
  }
  return edges;
}

/** Sets of units with no edge inside any of them, by greedy colouring: two for a grid, one for each unit where all interact. */
export function colourClasses(size: number, edges: readonly Edge[]): readonly (readonly number[])[] {
  const neighbours = Array.from({ length: size }, () => new Set<number>());
  for (const [i, j] of edges) {
    neighbours[i]!.add(j);
    neighbours[j]!.add(i);
  }
  const classes: number[][] = [];
  for (let unit = 0; unit < size; unit++) {
    const free = classes.find((members) => !members.some((other) => neighbours[unit]!.has(other)));
    if (free === undefined) classes.push([unit]);
    else free.push(unit);
  }
  return classes;
}
