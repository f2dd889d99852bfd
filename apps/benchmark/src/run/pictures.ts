import { sizeOf, type Dataset, type Shape } from '@dgm/core';
import { imageGrid } from '@dgm/data';

interface Drawable {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/** The data set that pictures are of: its levels of grey, and the part of the plane where its points lie. */
export type Pictured = Pick<Dataset, 'levels' | 'test'>;

/**
 * Examples side by side as a PNG: colours as they are, one channel as ink on paper. Vectors that are no images become
 * points: where their first two numbers lie, in the square around the test examples.
 */
export function drawGrid(examples: Drawable, { levels, test }: Pictured, columns = 8): Uint8Array {
  if (!isImage(examples.shape)) return drawPoints(examples, extentOf(test.count > 0 ? test : examples));
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

/** Half the side of the square around 0 that holds all points, with a margin. */
export function extentOf({ shape, values }: Drawable): number {
  const size = sizeOf(shape);
  let most = 0;
  for (let at = 0; at < values.length; at += size) {
    most = Math.max(most, Math.abs(values[at]!), Math.abs(values[at + 1]!));
  }
  return 1.05 * most || 1;
}

/** How many examples lie in each cell of a square, the first number to the right and the second upwards. */
function drawPoints({ shape, values }: Drawable, extent: number): Uint8Array {
  const size = sizeOf(shape);
  const cell = (value: number) => Math.floor((CELLS * (value / extent + 1)) / 2);
  const isInside = (index: number) => index >= 0 && index < CELLS;
  const counts = new Float32Array(CELLS ** 2);
  for (let at = 0; at < values.length; at += size) {
    const [column, row] = [cell(values[at]!), CELLS - 1 - cell(values[at + 1]!)];
    if (isInside(column) && isInside(row)) counts[row * CELLS + column]! += 1;
  }
  return imageGrid({ shape: [CELLS, CELLS, 1], values: counts }, { scale: 3, range: [2, 0] });
}

/** Each example followed by its counterpart. */
export function drawPairs(
  shape: Shape,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  data: Pictured,
): Uint8Array {
  const size = sizeOf(shape);
  const values = new Float32Array(2 * second.length);
  for (let index = 0; index < second.length; index++) {
    const row = Math.floor(index / size);
    values[index + row * size] = first[index]!;
    values[index + (row + 1) * size] = second[index]!;
  }
  return drawGrid({ shape, values }, data);
}
