import type { Point, Stroke } from './strokes';

/** The bitmap's side, in cells. */
export const CELLS = 32;
/** The image's side, in pixels; a pixel counts the inked cells of a block. */
export const PIXELS = 8;
const BLOCK = CELLS / PIXELS;

/** A stroke on the bitmap: places in cells, and the nib's half height at each of them. */
export interface InkStroke {
  readonly points: Stroke;
  readonly radii: readonly number[];
  /** The nib's width in relation to its height. */
  readonly stretch: number;
}

/**
 * The points of a Catmull-Rom curve through the given ones, `steps` for each span.
 * @see A class of local interpolating splines (Catmull and Rom, 1974)
 */
export function smooth(points: Stroke, steps: number): Point[] {
  const curve: Point[] = [];
  for (let span = 0; span + 1 < points.length; span++) {
    const p1 = points[span]!;
    const p2 = points[span + 1]!;
    const p0 = points[span - 1] ?? p1;
    const p3 = points[span + 2] ?? p2;
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      curve.push([cubic(p0[0], p1[0], p2[0], p3[0], t), cubic(p0[1], p1[1], p2[1], p3[1], t)]);
    }
  }
  curve.push(points.at(-1)!);
  return curve;
}

function cubic(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/** Draws the strokes on a 32x32 bitmap and counts, for each 4x4 block, the inked cells: 64 numbers from 0 to 16. */
export function draw(strokes: readonly InkStroke[]): Uint8Array {
  const cells = new Uint8Array(CELLS * CELLS);
  for (const { points, radii, stretch } of strokes) {
    points.forEach(([x, y], index) => dot(cells, { x, y, radius: radii[index]!, stretch }));
  }
  const counts = new Uint8Array(PIXELS * PIXELS);
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) {
      const pixel = Math.floor(row / BLOCK) * PIXELS + Math.floor(column / BLOCK);
      counts[pixel]! += cells[row * CELLS + column]!;
    }
  }
  return counts;
}

/** Inks the cells whose centre is under the nib. */
function dot(
  cells: Uint8Array,
  {
    x,
    y,
    radius,
    stretch,
  }: { readonly x: number; readonly y: number; readonly radius: number; readonly stretch: number },
): void {
  const top = Math.max(0, Math.ceil(y - radius - 0.5));
  const bottom = Math.min(CELLS - 1, Math.floor(y + radius - 0.5));
  for (let row = top; row <= bottom; row++) {
    const reach = stretch * Math.sqrt(Math.max(0, radius ** 2 - (row + 0.5 - y) ** 2));
    const left = Math.max(0, Math.ceil(x - reach - 0.5));
    const right = Math.min(CELLS - 1, Math.floor(x + reach - 0.5));
    for (let column = left; column <= right; column++) cells[row * CELLS + column] = 1;
  }
}
