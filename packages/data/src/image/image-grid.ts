import { ArgumentError, DomainError, formatShape, ShapeError, sizeOf, type Shape } from '@dgm/core';
import { encode } from 'fast-png';

/** A stack of images: `Examples` are one. */
export interface Images {
  /** `[height, width]`, `[height, width, 1]` (grey), `[height, width, 3]` (RGB) or `[size]` for a flattened grey square. */
  readonly shape: Shape;
  /** The pixels of one image after the other, row-major. */
  readonly values: ArrayLike<number>;
}

export interface ImageGridOptions {
  /** Images per row; a square grid unless told otherwise. */
  readonly columns?: number;
  /** Screen pixels per image pixel and axis; no smoothing, so that single pixels stay visible. */
  readonly scale?: number;
  /** Screen pixels between and around the images. */
  readonly padding?: number;
  /** The values shown as black and as white; `[16, 0]` draws dark ink on paper. The smallest and the largest by default. */
  readonly range?: readonly [black: number, white: number];
}

/**
 * Draws images side by side.
 *
 * @param images - at least one image; values beyond `range` are cut off at black or white
 * @returns the bytes of a PNG file, 8 bits per channel
 * @throws ShapeError if the shape is not that of an image, or the values do not fill whole images
 * @throws DomainError if a value is not finite
 * @throws ArgumentError if an option is out of its range, or there is no image
 */
export function imageGrid(
  images: Images,
  { columns, scale = 4, padding = 2, range }: ImageGridOptions = {},
): Uint8Array {
  const { height, width, channels } = imageSize(images.shape);
  const { values } = images;
  const count = values.length / (height * width * channels);
  checkGrid(images, count, { columns: columns ?? 1, scale, padding });
  const across = Math.min(columns ?? Math.ceil(Math.sqrt(count)), count);
  const down = Math.ceil(count / across);
  const [black, white] = range ?? extremes(values);

  const stepX = width * scale + padding;
  const stepY = height * scale + padding;
  const canvasWidth = across * stepX + padding;
  const canvasHeight = down * stepY + padding;
  const canvas = new Uint8Array(canvasWidth * canvasHeight * channels).fill(BACKGROUND);
  const gain = black === white ? 0 : 255 / (white - black);
  for (let image = 0; image < count; image++) {
    const left = padding + (image % across) * stepX;
    const top = padding + Math.floor(image / across) * stepY;
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const from = ((image * height + Math.floor(y / scale)) * width + Math.floor(x / scale)) * channels;
        const to = ((top + y) * canvasWidth + left + x) * channels;
        for (let channel = 0; channel < channels; channel++) {
          const level = Math.round((values[from + channel]! - black) * gain);
          canvas[to + channel] = Math.max(0, Math.min(255, level));
        }
      }
    }
  }
  return encode({ width: canvasWidth, height: canvasHeight, data: canvas, depth: 8, channels });
}

/** Between the images: a grey that is neither ink nor paper. */
const BACKGROUND = 128;

function imageSize(shape: Shape): { height: number; width: number; channels: number } {
  const [height, width = height, channels = 1] = shape.length === 1 ? [Math.sqrt(shape[0]!)] : shape;
  const whole = [height, width, channels].every((size) => Number.isInteger(size) && size! > 0);
  if (!whole || shape.length > 3 || (channels !== 1 && channels !== 3)) {
    throw new ShapeError({
      where: 'imageGrid',
      argument: 'images.shape',
      expected: '[height, width], [height, width, 1 or 3] or [side * side]',
      actual: formatShape(shape),
      remedy: 'give the shape of one image, channels last',
    });
  }
  return { height: height!, width: width!, channels };
}

function checkGrid(
  images: Images,
  count: number,
  counts: { columns: number; scale: number; padding: number },
): void {
  const where = 'imageGrid';
  if (!Number.isInteger(count)) {
    throw new ShapeError({
      where,
      argument: 'images.values',
      expected: `to hold whole images of ${sizeOf(images.shape)} values`,
      actual: `${images.values.length} values`,
    });
  }
  if (count === 0)
    throw new ArgumentError({ where, argument: 'images', expected: 'to hold an image', actual: 'none' });
  for (const [argument, value] of Object.entries(counts)) {
    const least = argument === 'padding' ? 0 : 1;
    if (Number.isInteger(value) && value >= least) continue;
    throw new ArgumentError({
      where,
      argument,
      expected: `to be an integer of at least ${least}`,
      actual: String(value),
    });
  }
  for (let index = 0; index < images.values.length; index++) {
    if (Number.isFinite(images.values[index]!)) continue;
    throw new DomainError({
      where,
      argument: 'images.values',
      expected: 'to be finite',
      actual: `${images.values[index]} at image ${Math.floor(index / sizeOf(images.shape))}`,
    });
  }
}

function extremes(values: ArrayLike<number>): [number, number] {
  let least = Infinity;
  let largest = -Infinity;
  for (const value of Array.from(values)) {
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  return [least, largest];
}
