import type { Tensor } from '@tensorflow/tfjs-core';
import {
  ArgumentError,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOptions,
  DomainError,
  formatShape,
  ShapeError,
  sizeOf,
  type Shape,
} from '@dgm/core';
import { nodeModule } from '../internal/node';
import { encodePng } from './png';

/** A stack of images: `Examples` are one. */
export interface Images {
  /** `[height, width]`, `[height, width, 1]` (grey), `[height, width, 3]` (RGB) or `[size]` for a flattened grey square. */
  readonly shape: Shape;
  /** The pixels of one image after the other, row-major. */
  readonly values: ArrayLike<number>;
}

export interface ImageGridOptions {
  /** Images per row. Defaults to a grid that is about square. */
  readonly columns?: number;
  /** Screen pixels per image pixel and axis, without smoothing. @defaultValue 4 */
  readonly scale?: number;
  /** Screen pixels between and around the images. @defaultValue 2 */
  readonly padding?: number;
  /** The values shown as black and as white; `[16, 0]` draws dark ink on paper. Defaults to the extremes of the values. */
  readonly range?: readonly [black: number, white: number];
}

/**
 * Draws images side by side.
 *
 * @param images - examples, or a tensor `[count, height, width]`, `[count, height, width, 1 or 3]` or
 *   `[count, side * side]`; values outside `range` are clipped
 * @returns the bytes of a PNG file, 8 bits per channel
 * @throws ShapeError if the shape is not that of an image, or the values do not fill whole images
 * @throws DomainError if a value is not finite
 * @throws ArgumentError if an option is out of range, there is no image, or the picture would have over 2^28 pixels
 * @example
 * ```ts
 * const samples = await model.sample(Key.of(0), 16);
 * const page = new Blob([imageGrid(samples)], { type: 'image/png' });
 * ```
 */
export function imageGrid(images: Images | Tensor, options: ImageGridOptions = {}): Uint8Array<ArrayBuffer> {
  const where = 'imageGrid';
  checkGiven(where, 'images', images, 'to be examples or a tensor');
  checkOptions(where, options, ['columns', 'scale', 'padding', 'range']);
  const { columns, scale = 4, padding = 2, range } = options;
  if (columns !== undefined) checkInteger(where, 'columns', columns);
  checkInteger(where, 'scale', scale);
  checkInteger(where, 'padding', padding, { min: 0 });
  for (const end of range ?? []) checkNumber(where, 'range', end);
  const { shape, values } =
    'dataSync' in images ? { shape: images.shape.slice(1), values: images.dataSync<'float32'>() } : images;
  const { height, width, channels } = imageSize(shape);
  const count = values.length / (height * width * channels);
  checkValues(values, shape, count);
  const across = Math.min(columns ?? Math.ceil(Math.sqrt(count)), count);
  const down = Math.ceil(count / across);
  const [black, white] = range ?? extremes(values);

  const stepX = width * scale + padding;
  const stepY = height * scale + padding;
  const canvasWidth = across * stepX + padding;
  const canvasHeight = down * stepY + padding;
  if (canvasWidth * canvasHeight > 2 ** 28) {
    throw new ArgumentError({
      where,
      argument: 'scale',
      expected: 'to give a picture of at most 2^28 pixels',
      actual: `${canvasWidth} x ${canvasHeight}`,
      remedy: 'draw fewer images, or at a smaller scale',
    });
  }
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
  return encodePng({ width: canvasWidth, height: canvasHeight, data: canvas, channels });
}

/**
 * Writes images as a PNG file, as {@link imageGrid} draws them. Needs Node.
 * @throws as {@link imageGrid}, and what the file system throws
 */
export async function savePng(
  path: string,
  images: Images | Tensor,
  options: ImageGridOptions = {},
): Promise<void> {
  const { writeFile } = nodeModule('node:fs/promises', 'savePng');
  await writeFile(path, imageGrid(images, options));
}

/** Between the images: a grey that is neither ink nor paper. */
const BACKGROUND = 128;

function imageSize(shape: Shape): { height: number; width: number; channels: number } {
  const [height, width = height, channels = 1] = shape.length === 1 ? [Math.sqrt(shape[0]!)] : shape;
  const whole = [height, width, channels].every((size) => Number.isInteger(size) && size! > 0);
  if (!whole || shape.length < 1 || shape.length > 3 || (channels !== 1 && channels !== 3)) {
    throw new ShapeError({
      where: 'imageGrid',
      argument: 'images.shape',
      expected: '[height, width], [height, width, 1 or 3] or [side * side]',
      actual: formatShape(shape),
      remedy: 'give the shape of one image, channels last; a tensor has the number of images first',
    });
  }
  return { height: height!, width: width!, channels };
}

function checkValues(values: ArrayLike<number>, shape: Shape, count: number): void {
  const where = 'imageGrid';
  if (!Number.isInteger(count)) {
    throw new ShapeError({
      where,
      argument: 'images.values',
      expected: `to hold whole images of ${sizeOf(shape)} values`,
      actual: `${values.length} values`,
    });
  }
  if (count === 0)
    throw new ArgumentError({ where, argument: 'images', expected: 'to hold an image', actual: 'none' });
  for (let index = 0; index < values.length; index++) {
    if (Number.isFinite(values[index]!)) continue;
    throw new DomainError({
      where,
      argument: 'images.values',
      expected: 'to be finite',
      actual: `${values[index]} at image ${Math.floor(index / sizeOf(shape))}`,
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
