import { sizeOf, type Shape } from '@dgm/core';
import { imageGrid } from '@dgm/data';

interface Drawable {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/**
 * Examples side by side as a PNG: colours as they are, one channel as ink on paper. Vectors that are no images become
 * points: where their first two numbers lie.
 */
export function drawGrid(examples: Drawable, levels: number | undefined, columns = 8): Uint8Array {
  if (!isImage(examples.shape)) return drawPoints(examples);
  const isColour = examples.shape.length === 3 && examples.shape[2] === 3;
  const white = (levels ?? 2) - 1;
  const range = isColour ? ([0, white] as const) : ([white, 0] as const);
  return imageGrid(examples, { columns, ...(levels === undefined ? {} : { range }) });
}

function isImage(shape: Shape): boolean {
  return shape.length > 1 || Number.isInteger(Math.sqrt(sizeOf(shape)));
}

/** How many examples make a picture: a grid of images, or a cloud of points. */
export function countForPicture(shape: Shape): number {
  return isImage(shape) ? 64 : 1000;
}

/** Cells per side of a picture of points. */
const CELLS = 100;

/** How many examples lie in each cell of a square around them, the first number to the right and the second upwards. */
function drawPoints({ shape, values }: Drawable): Uint8Array {
  const size = sizeOf(shape);
  const rows = Array.from({ length: values.length / size }, (_, row) => row * size);
  const extent = rows.reduce(
    (most, at) => Math.max(most, Math.abs(values[at]!), Math.abs(values[at + 1]!)),
    0,
  );
  const cell = (value: number) =>
    Math.min(CELLS - 1, Math.floor((CELLS * (value / (1.05 * extent || 1) + 1)) / 2));
  const counts = new Float32Array(CELLS ** 2);
  for (const at of rows) counts[(CELLS - 1 - cell(values[at + 1]!)) * CELLS + cell(values[at]!)]! += 1;
  return imageGrid({ shape: [CELLS, CELLS, 1], values: counts }, { scale: 3, range: [2, 0] });
}

/** Each example followed by its counterpart. */
export function drawPairs(
  shape: Shape,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  levels: number | undefined,
): Uint8Array {
  const size = sizeOf(shape);
  const values = new Float32Array(2 * second.length);
  for (let index = 0; index < second.length; index++) {
    const row = Math.floor(index / size);
    values[index + row * size] = first[index]!;
    values[index + (row + 1) * size] = second[index]!;
  }
  return drawGrid({ shape, values }, levels);
}
