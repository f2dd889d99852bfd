/** Pixels in RGB, row-major, 0 to 255. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** A fault of an image file. {@link decodeImage} adds the name of the file and makes it a SerializationError. */
export class ImageFault extends Error {
  constructor(
    /** What the file does not fulfil, for example `to have a width of at least 1`. */
    readonly expected: string,
    readonly actual: string,
    readonly remedy?: string,
  ) {
    super(`expected ${expected}, got ${actual}`);
  }
}

/**
 * Checks a header's size, before anything of that size is allocated.
 * @param mostPixels - what the compressed data can hold at most
 */
export function checkSize(
  { width, height }: { readonly width: number; readonly height: number },
  { maxPixels, mostPixels }: { readonly maxPixels: number; readonly mostPixels: number },
): void {
  const size = `${width} x ${height} pixels`;
  if (width < 1 || height < 1) throw new ImageFault('to have at least one pixel', size);
  if (width * height > mostPixels) {
    throw new ImageFault(`to have at most ${Math.floor(mostPixels)} pixels, as its data can hold`, size);
  }
  if (width * height > maxPixels) {
    throw new ImageFault(
      `to have at most ${maxPixels} pixels`,
      size,
      'raise maxPixels if you trust the file',
    );
  }
}
