import { checkThat, formatShape, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';

/**
 * In which order the variables of an event come: entry `order[d]` of the flattened event is variable d; where a pixel with
 * its channels is one variable, pixel `order[d]`.
 */
export type Order = ArrayLike<number>;

/**
 * Row by row, each from left to right.
 *
 * @example
 * ```ts
 * const order = rasterOrder([8, 8]); // 0, 1, 2, ..., 63
 * ```
 */
export function rasterOrder(shape: Shape): Int32Array {
  return Int32Array.from({ length: sizeOf(shape) }, (_, index) => index);
}

/**
 * Along the diagonals from the upper left to the lower right corner, to and fro, so that a pixel comes after those to its
 * left and above it on either side.
 * @param shape - `[height, width]` or `[height, width, channels]`; the channels of a pixel stay together
 * @throws ArgumentError for another rank
 * @see DGM §2.4
 *
 * @example
 * ```ts
 * zigZagOrder([3, 3]); // 0, 1, 3, 6, 4, 2, 5, 7, 8
 * ```
 */
export function zigZagOrder(shape: Shape): Int32Array {
  const [height, width, channels = 1] = shape;
  checkThat('zigZagOrder', 'shape', height !== undefined && width !== undefined && shape.length <= 3, {
    expected: 'to be [height, width] or [height, width, channels]',
    actual: formatShape(shape),
  });
  const pixels = Array.from({ length: height * width }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    const diagonal = row + column;
    return { pixel, diagonal, along: diagonal % 2 === 0 ? column : row };
  });
  pixels.sort((a, b) => a.diagonal - b.diagonal || a.along - b.along);
  return Int32Array.from({ length: pixels.length * channels }, (_, index) => {
    const { pixel } = pixels[Math.floor(index / channels)]!;
    return pixel * channels + (index % channels);
  });
}

/**
 * Checks that an order holds every number from 0 to `count` - 1 once.
 * @throws ArgumentError naming `where`
 */
export function checkOrder(where: string, order: Order, count: number): Int32Array {
  const positions = Int32Array.from(order);
  const isPermutation =
    positions.length === count &&
    new Set(positions).size === count &&
    Array.from(order).every((at) => Number.isInteger(at) && at >= 0 && at < count);
  checkThat(where, 'order', isPermutation, {
    expected: `to hold each of the numbers 0 to ${count - 1} once`,
    actual: `[${Array.from(order).join(', ')}]`,
  });
  return positions;
}

/** The place of each entry in the order. */
export function inverseOrder(order: Int32Array): Int32Array {
  const inverse = new Int32Array(order.length);
  order.forEach((position, place) => (inverse[position] = place));
  return inverse;
}
