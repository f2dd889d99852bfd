import { checkInteger, checkOptions, SerializationError } from '@dgm/core';
import { BLOCK, inverseDct, SIDE, toByte, toRgb, ZIG_ZAG } from './transform';
import type { RasterImage } from './transform';

export interface DecodeJpegOptions {
  /**
   * The most pixels that the image may have; a file that states more is refused before memory is taken for them.
   * @defaultValue 2 ** 26
   */
  readonly maxPixels?: number;
}

/**
 * Decodes a baseline JPEG file of 8 bits, grey or in colour: what `encodeJpeg` writes, and most other programs by default.
 * @throws SerializationError if the file is damaged, is progressive or arithmetic-coded, or has more pixels than allowed
 * @see ITU-T T.81 (JPEG)
 */
export function decodeJpeg(bytes: Uint8Array, options: DecodeJpegOptions = {}): RasterImage {
  checkOptions(WHERE, options, ['maxPixels']);
  const { maxPixels = 2 ** 26 } = options;
  checkInteger(WHERE, 'maxPixels', maxPixels);
  const tables: Tables = { steps: new Map(), codes: new Map() };
  let frame: Frame | undefined;
  let restartInterval = 0;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8)
    throw damaged('to begin with the marker of an image', 'another beginning');
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    const marker = bytes[at + 1];
    const length = (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0);
    const content = bytes.subarray(at + 4, at + 2 + length);
    if (bytes[at] !== 0xff || marker === undefined || length < 2 || content.length !== length - 2) {
      throw damaged('to go on with a segment', `byte ${at}`);
    }
    at += 2 + length;
    if (marker === 0xdb) readSteps(content, tables);
    else if (marker === 0xc4) readCodes(content, tables);
    else if (marker === 0xdd) restartInterval = wordAt(content, 0);
    else if (marker === 0xc0 || marker === 0xc1) frame = readFrame(content, maxPixels);
    else if (marker === 0xda) {
      if (frame === undefined) throw damaged('to state its size before its pixels', 'none');
      readScan(content, new BitReader(bytes, at), { frame, tables, restartInterval });
      return imageOf(frame);
    } else if (marker >= 0xc2 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      throw damaged(
        'to be a baseline JPEG',
        'a progressive, lossless or arithmetic-coded one',
        'save it as a baseline JPEG',
      );
    }
  }
}

const WHERE = 'decodeJpeg';

/** The code of each length is a range of integers: its first, how many, and where its symbols begin. */
interface Code {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

interface Tables {
  /** Steps of the quantizer in zig-zag order, by number. */
  readonly steps: Map<number, Float64Array>;
  /** By number, 16 more for those of coefficients other than the mean. */
  readonly codes: Map<number, Code>;
}

interface Component {
  readonly id: number;
  /** Blocks of a unit, across and down. */
  readonly across: number;
  readonly down: number;
  readonly steps: number;
  /** Values of whole blocks, row-major. */
  readonly plane: Uint8Array;
  readonly planeWidth: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
  readonly unitsAcross: number;
  readonly unitsDown: number;
  readonly mostAcross: number;
  readonly mostDown: number;
}

function readSteps(content: Uint8Array, { steps }: Tables): void {
  for (let at = 0; at < content.length;) {
    const head = content[at]!;
    const isWide = head >> 4 === 1;
    const size = isWide ? 2 * BLOCK : BLOCK;
    if (head >> 4 > 1 || at + 1 + size > content.length)
      throw damaged('to hold steps of its quantizer', 'others');
    const start = at + 1;
    steps.set(
      head & 15,
      Float64Array.from({ length: BLOCK }, (_, i) =>
        isWide ? wordAt(content, start + 2 * i) : content[start + i]!,
      ),
    );
    at = start + size;
  }
}

function readCodes(content: Uint8Array, { codes }: Tables): void {
  for (let at = 0; at < content.length;) {
    const counts = content.slice(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = content.slice(at + 17, at + 17 + total);
    let first = 0;
    const isPrefix = counts.every((count, index) => {
      first = 2 * first + count;
      return first <= 2 ** (index + 1);
    });
    if (counts.length !== 16 || symbols.length !== total || !isPrefix)
      throw damaged('to hold Huffman codes', 'others');
    codes.set(content[at]!, { counts, symbols });
    at += 17 + total;
  }
}

function readFrame(content: Uint8Array, maxPixels: number): Frame {
  const [height, width, count] = [wordAt(content, 1), wordAt(content, 3), content[5] ?? 0];
  if (content[0] !== 8 || width === 0 || height === 0)
    throw damaged('to be of 8 bits and a known size', 'another');
  if ((count !== 1 && count !== 3) || content.length !== 6 + 3 * count) {
    throw damaged('to have one or three components', String(count));
  }
  if (width * height > maxPixels) {
    throw damaged(`to have at most ${maxPixels} pixels`, `${width * height}`, 'raise maxPixels');
  }
  const described = Array.from({ length: count }, (_, index) => {
    const [id, sampling, steps] = content.subarray(6 + 3 * index, 9 + 3 * index) as unknown as [
      number,
      number,
      number,
    ];
    // Blocks of a lone component come in rows, whatever its sampling.
    return { id, steps, across: count === 1 ? 1 : sampling >> 4, down: count === 1 ? 1 : sampling & 15 };
  });
  if (described.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) {
    throw damaged('to have sampling factors from 1 to 4', 'others');
  }
  const mostAcross = Math.max(...described.map(({ across }) => across));
  const mostDown = Math.max(...described.map(({ down }) => down));
  const unitsAcross = Math.ceil(width / (SIDE * mostAcross));
  const unitsDown = Math.ceil(height / (SIDE * mostDown));
  const components = described.map((each) => {
    const planeWidth = unitsAcross * each.across * SIDE;
    return { ...each, planeWidth, plane: new Uint8Array(planeWidth * unitsDown * each.down * SIDE) };
  });
  return { width, height, components, unitsAcross, unitsDown, mostAcross, mostDown };
}

function readScan(
  content: Uint8Array,
  bits: BitReader,
  { frame, tables, restartInterval }: { frame: Frame; tables: Tables; restartInterval: number },
): void {
  const { components, unitsAcross, unitsDown } = frame;
  if (content[0] !== components.length)
    throw damaged('to hold all components in one scan', `${content[0]} of them`);
  const each = components.map((component, index) => {
    const [id, choice] = [content[1 + 2 * index], content[2 + 2 * index] ?? 0];
    const steps = tables.steps.get(component.steps);
    const dc = tables.codes.get(choice >> 4);
    const ac = tables.codes.get(16 + (choice & 15));
    if (id !== component.id || steps === undefined || dc === undefined || ac === undefined) {
      throw damaged('to hold the tables of its components', 'others');
    }
    return { component, steps, dc, ac, lastDc: 0 };
  });
  for (let unit = 0; unit < unitsAcross * unitsDown; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      bits.restart();
      for (const one of each) one.lastDc = 0;
    }
    for (const one of each) {
      const { across, down, plane, planeWidth } = one.component;
      for (let block = 0; block < across * down; block++) {
        const row = Math.floor(unit / unitsAcross) * down + Math.floor(block / across);
        const column = (unit % unitsAcross) * across + (block % across);
        const coefficients = readBlock(bits, one);
        one.lastDc = coefficients[0]! / one.steps[0]!;
        inverseDct(coefficients).forEach((value, i) => {
          plane[(row * SIDE + (i >> 3)) * planeWidth + column * SIDE + (i & 7)] = toByte(value + 128);
        });
      }
    }
  }
}

/** The coefficients of the next block, row-major and in their own units. */
function readBlock(
  bits: BitReader,
  { dc, ac, steps, lastDc }: { dc: Code; ac: Code; steps: Float64Array; lastDc: number },
): Float64Array {
  const coefficients = new Float64Array(BLOCK);
  coefficients[0] = (lastDc + bits.readValue(bits.readSymbol(dc))) * steps[0]!;
  for (let at = 1; at < BLOCK; at++) {
    const symbol = bits.readSymbol(ac);
    const size = symbol & 15;
    if (size === 0 && symbol !== 0xf0) break;
    at += symbol >> 4;
    if (at >= BLOCK) throw damaged('to have 64 coefficients in a block', 'more');
    coefficients[ZIG_ZAG[at]!] = bits.readValue(size) * steps[at]!;
  }
  return coefficients;
}

/** Smaller planes are repeated. */
function imageOf({ width, height, components, mostAcross, mostDown }: Frame): RasterImage {
  const channels = components.length as 1 | 3;
  const values = new Uint8Array(width * height * channels);
  const valueAt = ({ plane, planeWidth, across, down }: Component, row: number, column: number): number =>
    plane[Math.floor((row * down) / mostDown) * planeWidth + Math.floor((column * across) / mostAcross)]!;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const pixel = components.map((component) => valueAt(component, row, column));
      const colours = channels === 1 ? pixel : toRgb(pixel[0]!, pixel[1]!, pixel[2]!);
      values.set(colours.map(toByte), (row * width + column) * channels);
    }
  }
  return { width, height, channels, values };
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  readBit(): number {
    if (this.#count === 0) {
      const byte = this.#bytes[this.#at];
      const isMarker = byte === 0xff && this.#bytes[this.#at + 1] !== 0;
      if (byte === undefined || isMarker) throw damaged('to have all of its pixels', 'an end before them');
      this.#bits = byte;
      this.#count = 8;
      this.#at += byte === 0xff ? 2 : 1;
    }
    this.#count--;
    return (this.#bits >> this.#count) & 1;
  }

  readSymbol({ counts, symbols }: Code): number {
    let [code, first, before] = [0, 0, 0];
    for (const count of counts) {
      code = 2 * code + this.readBit();
      first *= 2;
      if (code - first < count) return symbols[before + code - first]!;
      first += count;
      before += count;
    }
    throw damaged('to hold known Huffman codes', 'another');
  }

  /** An integer of so many bits; those that begin with 0 are negative. */
  readValue(size: number): number {
    if (size > 15) throw damaged('to hold numbers of at most 15 bits', `${size}`);
    let value = 0;
    for (let bit = 0; bit < size; bit++) value = 2 * value + this.readBit();
    return value >= 2 ** (size - 1) ? value : value - 2 ** size + 1;
  }

  /** Goes on behind a marker of restart. */
  restart(): void {
    this.#count = 0;
    const marker = this.#bytes[this.#at + 1] ?? 0;
    if (this.#bytes[this.#at] !== 0xff || marker < 0xd0 || marker > 0xd7) {
      throw damaged('to have a marker of restart', 'none');
    }
    this.#at += 2;
  }
}

const wordAt = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);

function damaged(expected: string, actual: string, remedy?: string): SerializationError {
  return new SerializationError({
    where: WHERE,
    argument: 'the file',
    expected,
    actual,
    ...(remedy !== undefined && { remedy }),
  });
}
