import {
  checkGiven,
  checkInteger,
  checkOptions,
  checkThat,
  formatShape,
  ShapeError,
  sizeOf,
  UnsupportedError,
} from '@dgm/core';
import type { Shape } from '@dgm/core';
import { HASH_BYTES, joined, Reader, varint, writeContainer } from '../files/container';
import { MOST_VALUES, ownContainer, refused } from './base-codec';
import type { DecodedExamples, DecodeOptions, EncodeOptions, FileCodec } from './codec';

/** One image: row-major values, `[height, width]` or `[height, width, channels]`. */
export interface ImageArray<Values extends ArrayLike<number> = ArrayLike<number>> {
  readonly values: Values;
  readonly shape: Shape;
}

/** A file format of images of any size. */
export interface ImageCodec<Values extends ArrayLike<number>, Options extends EncodeOptions = EncodeOptions> {
  /** The shape of a tile: `[height, width]` or `[height, width, channels]`. */
  readonly tileShape: Shape;
  /** The SHA-256 of the model's file. */
  readonly modelHash: Uint8Array;
  /**
   * @param image - with the channels of the model; any height and width from 1 on
   * @returns a file
   * @throws ShapeError if its shape is another, or is not that of its values
   * @throws DomainError for a value that the model does not know
   */
  encode(image: ImageArray, options?: Partial<Options>): Uint8Array;
  /**
   * @throws SerializationError if the file is damaged, or was written with another model
   */
  decode(file: Uint8Array, options?: DecodeOptions): DecodedExamples<Values>;
}

const METHOD = 'image';

/**
 * Images of any size by a codec of images of one size: the image is cut into tiles, which are coded as examples of the codec, in
 * row-major order. Tiles at the right and the lower edge are filled with copies of the last column and row, which the decoder cuts
 * off. Each tile is coded by itself, so that the model sees nothing of its neighbours.
 *
 * @param codec - of examples `[height, width]` or `[height, width, channels]`, lossless or lossy
 * @throws UnsupportedError if its examples have another number of axes
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 17 });
 * const model = made({ shape: [16, 16], hidden: [128], likelihood, key });
 * const images = imageCodec(autoregressiveCodec(model)); // of tiles [16, 16]
 * const file = images.encode({ values: new Int32Array(30 * 20), shape: [30, 20] });
 * images.decode(file); // { values, shape: [30, 20] }
 * ```
 */
export function imageCodec<Values extends Int32Array | Float32Array, Options extends EncodeOptions>(
  codec: FileCodec<Values, Options>,
): ImageCodec<Values, Options> {
  checkGiven('imageCodec', 'codec', codec, 'to be a codec such as autoregressiveCodec(model)');
  const { eventShape } = codec;
  if (eventShape.length === 2 || eventShape.length === 3) return new TiledCodec(codec);
  throw new UnsupportedError({
    where: 'imageCodec',
    argument: 'codec',
    expected: 'to code examples [height, width] or [height, width, channels]',
    actual: formatShape(eventShape),
  });
}

class TiledCodec<
  Values extends Int32Array | Float32Array,
  Options extends EncodeOptions,
> implements ImageCodec<Values, Options> {
  readonly tileShape: Shape;
  readonly modelHash: Uint8Array;
  readonly #codec: FileCodec<Values, Options>;

  constructor(codec: FileCodec<Values, Options>) {
    this.#codec = codec;
    this.tileShape = codec.eventShape;
    this.modelHash = codec.modelHash;
  }

  encode({ values, shape, ...unknown }: ImageArray, options: Partial<Options> = {}): Uint8Array {
    const where = 'ImageCodec.encode';
    checkOptions(where, unknown, ['values', 'shape']);
    const tiling = new Tiling(this.#checkShape(shape, values.length), this.tileShape);
    const tiles = new Float64Array(tiling.numTiles * sizeOf(this.tileShape));
    tiling.each((pixel, at) => (tiles[at] = values[pixel]!));
    const { includeModel = false, ...others } = options;
    // The model is outside, once; `others` are options of this codec, without one that is optional.
    const inner = this.#codec.encode(tiles, others as unknown as Options);
    return writeContainer({
      ...{ method: METHOD, count: 1, rows: 1 },
      model: this.modelHash.subarray(0, HASH_BYTES),
      ...(includeModel && { weights: this.#codec.toBytes() }),
      message: joined([varint(shape[0]!), varint(shape[1]!), inner]),
    });
  }

  decode(file: Uint8Array, options: DecodeOptions = {}): DecodedExamples<Values> {
    const where = 'ImageCodec.decode';
    checkOptions(where, options, ['maxValues', 'onProgress']);
    const { maxValues = MOST_VALUES } = options;
    checkInteger(where, 'maxValues', maxValues, { min: 0 });
    const { message } = ownContainer(file, { method: METHOD, rows: 1, modelHash: this.modelHash });
    const reader = new Reader(message);
    const [height, width] = [reader.varint(), reader.varint()];
    const shape = [height, width, ...this.tileShape.slice(2)];
    const tiling = new Tiling(shape, this.tileShape);
    const size = tiling.numTiles * sizeOf(this.tileShape);
    if (!(height > 0 && width > 0 && size <= maxValues)) {
      const expected = `to hold an image whose tiles have at most ${maxValues} values`;
      throw refused(expected, formatShape(shape), 'raise maxValues');
    }
    const tiles = this.#codec.decode(reader.rest(), { ...options, maxValues: size });
    if (tiles.shape[0] !== tiling.numTiles) {
      throw refused(`to hold ${tiling.numTiles} tiles`, String(tiles.shape[0]));
    }
    // The kind of array that tiles are in, as long as the image.
    const values = tiles.values.slice(0, sizeOf(shape)) as Values;
    tiling.each((pixel, at, isInside) => {
      if (isInside) values[pixel] = tiles.values[at]!;
    });
    return { values, shape };
  }

  #checkShape(shape: Shape, length: number): Shape {
    const channels = this.tileShape.slice(2);
    const isImage =
      shape.length === this.tileShape.length &&
      shape.every(
        (side, axis) => Number.isSafeInteger(side) && side > 0 && (axis < 2 || side === channels[0]),
      );
    checkThat('ImageCodec.encode', 'image', isImage && sizeOf(shape) === length, {
      error: ShapeError,
      expected: `of shape ${formatShape(['height', 'width', ...channels] as never)} and as many values`,
      actual: `${formatShape(shape)} and ${length} values`,
    });
    return shape;
  }
}

/** How an image is cut into tiles. */
class Tiling {
  readonly #image: Shape;
  readonly #tile: Shape;
  readonly #down: number;
  readonly #across: number;

  constructor(image: Shape, tile: Shape) {
    this.#image = image;
    this.#tile = tile;
    this.#down = Math.ceil(image[0]! / tile[0]!);
    this.#across = Math.ceil(image[1]! / tile[1]!);
  }

  get numTiles(): number {
    return this.#down * this.#across;
  }

  /** For each value of each tile, in their order, the value of the image that it is, or the nearest where it is outside. */
  each(visit: (pixel: number, at: number, isInside: boolean) => void): void {
    const [height, width, channels = 1] = this.#image as [number, number, number?];
    const [tileHeight, tileWidth] = this.#tile as [number, number];
    let at = 0;
    for (let tile = 0; tile < this.numTiles; tile++) {
      const top = Math.floor(tile / this.#across) * tileHeight;
      const left = (tile % this.#across) * tileWidth;
      for (let row = top; row < top + tileHeight; row++) {
        for (let column = left; column < left + tileWidth; column++) {
          const pixel = Math.min(row, height - 1) * width + Math.min(column, width - 1);
          const isInside = row < height && column < width;
          for (let channel = 0; channel < channels; channel++) {
            visit(pixel * channels + channel, at++, isInside);
          }
        }
      }
    }
  }
}
