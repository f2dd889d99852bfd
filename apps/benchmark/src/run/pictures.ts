import { sizeOf, type Shape } from '@dgm/core';
import { imageGrid } from '@dgm/data';

interface Drawable {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/** Examples side by side as a PNG: colours as they are, one channel as ink on paper. */
export function drawGrid(examples: Drawable, levels: number | undefined, columns = 8): Uint8Array {
  const isColour = examples.shape.length === 3 && examples.shape[2] === 3;
  const white = (levels ?? 2) - 1;
  const range = isColour ? ([0, white] as const) : ([white, 0] as const);
  return imageGrid(examples, { columns, ...(levels === undefined ? {} : { range }) });
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
