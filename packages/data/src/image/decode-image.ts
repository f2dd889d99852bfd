import { SerializationError } from '@dgm/core';
import { convertIndexedToRgb, decode as decodePng, hasPngSignature } from 'fast-png';
import jpeg from 'jpeg-js';
import { reason } from '../internal/files';

/** Pixels in RGB, row-major, 0 to 255. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/**
 * Decodes a PNG or JPEG file; an alpha channel is laid over black.
 *
 * @param name - what the bytes are called in errors
 * @throws SerializationError naming the file, if it is neither or damaged
 */
export function decodeImage(bytes: Uint8Array, name = 'image'): RgbImage {
  const isPng = hasPngSignature(bytes);
  if (!isPng && !(bytes[0] === 0xff && bytes[1] === 0xd8)) {
    throw failure(name, 'to be a PNG or JPEG file', 'other bytes');
  }
  try {
    return isPng ? fromPng(bytes) : fromJpeg(bytes);
  } catch (cause) {
    throw failure(name, `to be a whole ${isPng ? 'PNG' : 'JPEG'} file`, reason(cause), cause);
  }
}

function fromPng(bytes: Uint8Array): RgbImage {
  const png = decodePng(bytes, { checkCrc: true });
  const { width, height } = png;
  const indexed = png.palette !== undefined;
  const data = indexed ? convertIndexedToRgb(png) : png.data;
  const channels = data.length / (width * height);
  const largest = indexed ? 255 : 2 ** png.depth - 1;
  const hasAlpha = channels === 2 || channels === 4;
  const colours = hasAlpha ? channels - 1 : channels;
  const pixels = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const start = pixel * channels;
    const opacity = hasAlpha ? data[start + colours]! / largest : 1;
    for (let colour = 0; colour < 3; colour++) {
      const value = data[start + (colours === 3 ? colour : 0)]! / largest;
      pixels[3 * pixel + colour] = Math.round(255 * value * opacity);
    }
  }
  return { width, height, pixels };
}

function fromJpeg(bytes: Uint8Array): RgbImage {
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
  });
  return { width, height, pixels: data };
}

function failure(argument: string, expected: string, actual: string, cause?: unknown): SerializationError {
  return new SerializationError({ where: 'decodeImage', argument, expected, actual, cause });
}
