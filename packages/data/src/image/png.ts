import { adler32, crc32 } from './checksums';
import { Unzlib, zlibSync } from 'fflate';
import { checkSize, ImageFault, type RgbImage } from './rgb-image';

/**
 * Decodes a PNG of any colour type, bit depth and interlace method. Transparent pixels are laid over black.
 *
 * Samples of 1, 2 and 4 bits, and of 16, are scaled to 8 bits by $255 / (2^\text{depth} - 1)$. Colour profiles and gamma
 * are not applied.
 * @throws ImageFault if the file breaks the specification or a checksum, or is larger than `maxPixels`
 * @see Portable Network Graphics Specification (W3C, third edition)
 */
export function decodePng(bytes: Uint8Array, maxPixels: number): RgbImage {
  const { header, palette, transparency, compressed } = readChunks(bytes);
  const { width, height, interlaced } = header;
  const bitsPerPixel = header.depth * CHANNELS[header.colour]!;
  checkSize(header, { maxPixels, mostPixels: (MOST_INFLATION * 8 * compressed.length) / bitsPerPixel });
  const passes = (interlaced ? ADAM7 : WHOLE)
    .map(([left, top, stepX, stepY]) => ({
      left,
      top,
      stepX,
      stepY,
      columns: Math.ceil((width - left) / stepX),
      rows: Math.ceil((height - top) / stepY),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const rowBytes = (columns: number) => Math.ceil((columns * bitsPerPixel) / 8);
  const size = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + rowBytes(columns)), 0);
  const data = inflate(compressed, size);

  const pixels = new Uint8Array(width * height * 3);
  const toRgb = rgbReader(header, palette, transparency);
  let start = 0;
  for (const { left, top, stepX, stepY, columns, rows } of passes) {
    const length = rowBytes(columns);
    let above: Uint8Array = new Uint8Array(length);
    for (let row = 0; row < rows; row++, start += 1 + length) {
      const line = data.subarray(start + 1, start + 1 + length);
      unfilter(line, above, data[start]!, Math.max(1, bitsPerPixel >> 3));
      above = line;
      for (let column = 0; column < columns; column++) {
        toRgb(line, column, pixels, 3 * ((top + row * stepY) * width + left + column * stepX));
      }
    }
  }
  return { width, height, pixels };
}

/** The bytes of a PNG of 8 bits per channel, grey or RGB. */
export function encodePng(image: {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}): Uint8Array<ArrayBuffer> {
  const { width, height, channels, data } = image;
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, channels === 3 ? RGB : GREY);
  const length = width * channels;
  const lines = new Uint8Array(height * (1 + length));
  for (let row = 0; row < height; row++) {
    lines.set(data.subarray(row * length, (row + 1) * length), row * (1 + length) + 1);
  }
  const chunks = [
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', zlibSync(lines)),
    chunk('IEND', new Uint8Array(0)),
  ];
  const png = new Uint8Array(SIGNATURE.length + chunks.reduce((sum, { length }) => sum + length, 0));
  png.set(SIGNATURE);
  let start = SIGNATURE.length;
  for (const bytes of chunks) {
    png.set(bytes, start);
    start += bytes.length;
  }
  return png;
}

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => bytes[index] === byte);
}

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
/** Deflate makes at most 1032 bytes of one. */
const MOST_INFLATION = 1032;

const [GREY, RGB, INDEXED, GREY_ALPHA, RGB_ALPHA] = [0, 2, 3, 4, 6];
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

type Pass = readonly [left: number, top: number, stepX: number, stepY: number];
const WHOLE: readonly Pass[] = [[0, 0, 1, 1]];
const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

interface Chunks {
  readonly header: Header;
  readonly palette: Uint8Array | undefined;
  readonly transparency: Uint8Array | undefined;
  readonly compressed: Uint8Array;
}

/** The chunks that say what the pixels are. All checksums are verified; the content of other chunks is not looked at. */
function readChunks(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  let header: Header | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  let previous = '';
  for (let start = SIGNATURE.length; previous !== 'IEND';) {
    const end = start + 12 <= bytes.length ? start + 12 + view.getUint32(start) : Infinity;
    if (end > bytes.length) throw new ImageFault('to end with the chunk IEND', 'a file that is cut short');
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    const content = bytes.subarray(start + 8, end - 4);
    if (crc32(bytes.subarray(start + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw new ImageFault('to have the right checksum in every chunk', `another in ${JSON.stringify(type)}`);
    }
    if ((header === undefined) !== (type === 'IHDR')) misplaced(type);
    if (type === 'IHDR') header = parseHeader(content);
    else if (type === 'PLTE') {
      if (palette !== undefined || data.length > 0) misplaced(type);
      palette = content;
    } else if (type === 'tRNS') {
      if (transparency !== undefined || data.length > 0) misplaced(type);
      transparency = content;
    } else if (type === 'IDAT') {
      if (data.length > 0 && previous !== 'IDAT') misplaced(type);
      data.push(content);
    } else if (type !== 'IEND' && /^[A-Z]/.test(type)) {
      throw new ImageFault('to have no critical chunk besides those of the specification', type);
    }
    previous = type;
    start = end;
  }
  if (data.length === 0) throw new ImageFault('to have pixel data', 'no chunk IDAT');
  checkColours(header!, palette, transparency);
  return { header: header!, palette, transparency, compressed: concatenate(data) };
}

function misplaced(type: string): never {
  throw new ImageFault('to have its chunks in the right order', `a misplaced ${JSON.stringify(type)}`);
}

function parseHeader(content: Uint8Array): Header {
  if (content.length !== 13) throw new ImageFault('to have a header of 13 bytes', `${content.length} bytes`);
  const view = new DataView(content.buffer, content.byteOffset);
  const [depth, colour, compression, filter, interlace] = content.subarray(8) as unknown as number[];
  if (!DEPTHS[colour!]?.includes(depth!)) {
    throw new ImageFault('to have a colour type and depth of PNG', `type ${colour} of ${depth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace! > 1) {
    throw new ImageFault(
      'to have compression 0, filter 0 and interlace 0 or 1',
      `${compression}, ${filter} and ${interlace}`,
    );
  }
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  return { width, height, depth: depth!, colour: colour!, interlaced: interlace === 1 };
}

function checkColours(
  { colour, depth }: Header,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
): void {
  const colours = palette === undefined ? 0 : palette.length / 3;
  if (palette !== undefined && !(Number.isInteger(colours) && colours >= 1 && colours <= 256)) {
    throw new ImageFault('to have a palette of 1 to 256 colours', `${palette.length} bytes`);
  }
  if (colour === INDEXED ? colours < 1 || colours > 2 ** depth : palette && (colour & 2) === 0) {
    throw new ImageFault('to have a palette that fits its colour type', `${colours} colours`);
  }
  if (transparency === undefined) return;
  const fits =
    colour === INDEXED
      ? transparency.length <= colours
      : transparency.length === { [GREY!]: 2, [RGB!]: 6 }[colour];
  if (!fits)
    throw new ImageFault('to have transparency that fits its colour type', `${transparency.length} bytes`);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

/** Exactly `size` bytes out of a zlib stream. It is read in pieces, so that it cannot become much larger than that. */
function inflate(compressed: Uint8Array, size: number): Uint8Array {
  const data = new Uint8Array(size);
  let length = 0;
  const stream = new Unzlib((piece) => {
    if (length + piece.length > size) throw new ImageFault(`to have ${size} bytes of pixel data`, 'more');
    data.set(piece, length);
    length += piece.length;
  });
  for (let start = 0; start < compressed.length; start += PIECE) {
    stream.push(compressed.subarray(start, start + PIECE), start + PIECE >= compressed.length);
  }
  if (length < size) throw new ImageFault(`to have ${size} bytes of pixel data`, `${length}`);
  const checksum = new DataView(compressed.buffer, compressed.byteOffset + compressed.length - 4).getUint32(
    0,
  );
  if (adler32(data) !== checksum) throw new ImageFault('to have the right checksum of the pixels', 'another');
  return data;
}

const PIECE = 2 ** 14;

/** Adds each byte's prediction: the byte to the left, above, their mean, or Paeth's choice (§9). */
function unfilter(line: Uint8Array, above: Uint8Array, filter: number, step: number): void {
  if (filter > 4) throw new ImageFault('to have filters from 0 to 4', String(filter));
  if (filter === 0) return;
  for (let index = 0; index < line.length; index++) {
    const left = index < step ? 0 : line[index - step]!;
    const up = above[index]!;
    if (filter === 1) line[index]! += left;
    else if (filter === 2) line[index]! += up;
    else if (filter === 3) line[index]! += (left + up) >> 1;
    else line[index]! += paeth(left, up, index < step ? 0 : above[index - step]!);
  }
}

/** The neighbour that is closest to left + up - diagonal. */
function paeth(left: number, up: number, diagonal: number): number {
  const toLeft = Math.abs(up - diagonal);
  const toUp = Math.abs(left - diagonal);
  const toDiagonal = Math.abs(left + up - 2 * diagonal);
  if (toLeft <= toUp && toLeft <= toDiagonal) return left;
  return toUp <= toDiagonal ? up : diagonal;
}

type ToRgb = (line: Uint8Array, column: number, pixels: Uint8Array, at: number) => void;

/** How a pixel of a line becomes RGB of 8 bits over black. */
function rgbReader(
  { colour, depth }: Header,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
): ToRgb {
  const largest = 2 ** depth - 1;
  const channels = CHANNELS[colour]!;
  /** The `index`-th sample of a line. */
  const sample = (line: Uint8Array, index: number): number => {
    if (depth === 8) return line[index]!;
    if (depth === 16) return line[2 * index]! * 256 + line[2 * index + 1]!;
    const bit = index * depth;
    return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & largest;
  };
  if (colour === INDEXED) {
    return (line, column, pixels, at) => {
      const index = sample(line, column);
      if (3 * index >= palette!.length)
        throw new ImageFault('to use colours of its palette', `colour ${index}`);
      const opacity = (transparency?.[index] ?? 255) / 255;
      for (let c = 0; c < 3; c++) pixels[at + c] = Math.round(palette![3 * index + c]! * opacity);
    };
  }
  const hasAlpha = colour === GREY_ALPHA || colour === RGB_ALPHA;
  const colours = hasAlpha ? channels - 1 : channels;
  const key =
    transparency &&
    Array.from({ length: colours }, (_, c) => transparency[2 * c]! * 256 + transparency[2 * c + 1]!);
  return (line, column, pixels, at) => {
    const first = column * channels;
    if (key?.every((value, c) => sample(line, first + c) === (value & largest))) return; // black already
    const opacity = hasAlpha ? sample(line, first + colours) / largest : 1;
    for (let c = 0; c < 3; c++) {
      const value = sample(line, first + (colours === 3 ? c : 0)) / largest;
      pixels[at + c] = Math.round(255 * value * opacity);
    }
  };
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}
