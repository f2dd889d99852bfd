import { checkInteger, checkOptions, DgmError, SerializationError } from '@dgm/core';
import { reason } from '../internal/files';
import { decodeJpeg } from './jpeg/jpeg';
import { decodePng, isPng } from './png';
import { ImageFault, type RgbImage } from './rgb-image';

export interface DecodeImageOptions {
  /** What the bytes are called in errors. @defaultValue 'image' */
  readonly name?: string;
  /** The most pixels that an image may have. @defaultValue 2 ** 26, a square of 8192 pixels */
  readonly maxPixels?: number;
}

/** The default of `maxPixels`. */
export const MAX_PIXELS = 2 ** 26;

/**
 * Decodes a PNG or JPEG file of any kind in use. Transparent pixels are laid over black; EXIF orientation and colour
 * profiles are not applied.
 *
 * A header that promises more pixels than the file's data can hold is refused before anything is allocated, so a file
 * takes at most 16 bytes of memory per pixel, and has at most 8256 pixels per byte.
 *
 * @returns 8 bits per channel, also for PNG of other depths
 * @throws SerializationError naming the file, if it is neither, damaged, of a kind that is not supported (arithmetic
 *   coding, lossless or 12-bit JPEG), or larger than `maxPixels`
 */
export function decodeImage(bytes: Uint8Array, options: DecodeImageOptions = {}): RgbImage {
  const where = 'decodeImage';
  checkOptions(where, options, ['name', 'maxPixels']);
  const { name = 'image', maxPixels = MAX_PIXELS } = options;
  checkInteger(where, 'maxPixels', maxPixels);
  const png = isPng(bytes);
  if (!png && !(bytes[0] === 0xff && bytes[1] === 0xd8)) {
    throw new SerializationError({
      where,
      argument: name,
      expected: 'to be a PNG or JPEG file',
      actual: 'other bytes',
    });
  }
  try {
    return png ? decodePng(bytes, maxPixels) : decodeJpeg(bytes, maxPixels);
  } catch (cause) {
    if (DgmError.is(cause)) throw cause;
    const fault =
      cause instanceof ImageFault
        ? cause
        : new ImageFault(`to be a whole ${png ? 'PNG' : 'JPEG'} file`, reason(cause));
    const { expected, actual, remedy } = fault;
    throw new SerializationError({
      where,
      argument: name,
      expected,
      actual,
      ...(remedy === undefined ? {} : { remedy }),
      cause,
    });
  }
}
