import { ArgumentError, formatShape, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';

/** The axes of an image. */
export interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** An example `[height, width]`, `[height, width, channels]`, or flat with a square or a given plane. */
export function imageOf(where: string, shape: Shape, plane: readonly [number, number] | undefined): Image {
  const size = sizeOf(shape);
  const side = Math.sqrt(size);
  const square = shape.length === 1 && Number.isInteger(side) ? [side, side] : undefined;
  const [height, width] =
    plane ?? (shape.length === 1 ? square : shape.length <= 3 ? shape : undefined) ?? [];
  if (height !== undefined && width !== undefined && size % (height * width) === 0) {
    return { height, width, channels: size / (height * width) };
  }
  throw new ArgumentError({
    where,
    argument: 'shape',
    expected: 'to be [height, width], [height, width, channels], or flat with a square or a `plane`',
    actual: formatShape(shape),
  });
}
