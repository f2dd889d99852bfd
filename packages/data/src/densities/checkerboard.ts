import { ArgumentError, checkInteger, checkNumber, checkOptions } from '@dgm/core';
import { planeDensity, type PlaneDensity } from './plane-density';

export interface CheckerboardOptions {
  /** Squares per side: an even number, so that half of them are dark. @defaultValue 4 */
  readonly squares?: number;
  /** The board reaches from `-extent` to `extent` on both axes. @defaultValue 4 */
  readonly extent?: number;
}

/**
 * Uniform on the dark squares of a board around the origin, the lower left one included; no mass elsewhere.
 *
 * @example
 * ```ts
 * const points = planeDataset(checkerboard({ squares: 6 }), { key });
 * ```
 */
export function checkerboard(options: CheckerboardOptions = {}): PlaneDensity {
  checkOptions('checkerboard', options, ['squares', 'extent']);
  const { squares = 4, extent = 4 } = options;
  checkNumber('checkerboard', 'extent', extent, { above: 0 });
  checkInteger('checkerboard', 'squares', squares, { min: 2 });
  if (squares % 2 !== 0) {
    throw new ArgumentError({
      where: 'checkerboard',
      argument: 'squares',
      expected: 'to be even',
      actual: String(squares),
    });
  }
  const side = (2 * extent) / squares;
  const dark = squares ** 2 / 2;
  const logInside = -Math.log(dark * side ** 2);
  return planeDensity({
    name: 'checkerboard',
    draw: (random) => {
      const part = random.below(dark);
      const row = Math.floor((2 * part) / squares);
      const column = ((2 * part) % squares) + (row % 2);
      return {
        x: (column + random.uniform()) * side - extent,
        y: (row + random.uniform()) * side - extent,
        part,
      };
    },
    logDensityAt: (x, y) => {
      if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
      const column = Math.floor((x + extent) / side);
      const row = Math.floor((y + extent) / side);
      const onBoard = column >= 0 && column < squares && row >= 0 && row < squares;
      return onBoard && (column + row) % 2 === 0 ? logInside : -Infinity;
    },
  });
}
