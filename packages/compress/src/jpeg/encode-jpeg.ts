import { checkInteger, checkOptions, checkThat, DomainError, ShapeError } from '@dgm/core';
import { HuffmanCode, huffmanLengths } from '../coders/huffman';
import { BLOCK, dct, quantizationSteps, SIDE, toYCbCr, ZIG_ZAG } from './transform';
import type { RasterImage } from './transform';

export interface JpegOptions {
  /**
   * From 1 to 100: how fine the steps of the quantizer are.
   * @defaultValue 75
   */
  readonly quality?: number;
  /**
   * Whether colour has half the resolution of brightness, in both directions.
   * @defaultValue true
   */
  readonly subsampling?: boolean;
}

/**
 * A baseline JPEG file, which every viewer opens: brightness and colour are split, blocks of 8x8 pixels go through the discrete
 * cosine transform, its coefficients are rounded to steps, and what is left is coded by Huffman codes made for the image.
 *
 * It is here to be read, and as the codec that a neural one is measured against; it is not fast.
 *
 * @throws ShapeError if there are not `width * height * channels` values
 * @throws DomainError for a value that is not from 0 to 255
 * @throws ArgumentError for another number of channels, a side beyond 65535, or an option out of its range
 * @see ITU-T T.81 (JPEG). DGM §8.3, Fig. 8.2
 */
export function encodeJpeg(image: RasterImage, options: JpegOptions = {}): Uint8Array {
  checkOptions(WHERE, options, ['quality', 'subsampling']);
  const { quality = 75, subsampling = true } = options;
  checkInteger(WHERE, 'quality', quality, { min: 1, max: 100 });
  checkImage(image);
  const components = componentsOf(image, { quality, subsampling });
  const scan = scanOf(components);
  const codes = [0, 1].flatMap((table) =>
    (['dc', 'ac'] as const).map((kind) => {
      const symbols = scan.filter((each) => each.table === table && each.kind === kind);
      return {
        kind,
        table,
        code: symbols.length === 0 ? undefined : codeFor(symbols.map(({ symbol }) => symbol)),
      };
    }),
  );
  const codeOf = (kind: 'dc' | 'ac', table: number): HuffmanCode | undefined =>
    codes.find((each) => each.kind === kind && each.table === table)?.code;

  const file: number[] = [0xff, 0xd8];
  segment(file, 0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]); // "JFIF", version, no density, no thumbnail
  for (const table of new Set(components.map((component) => component.table))) {
    const { steps } = components.find((component) => component.table === table)!;
    segment(file, 0xdb, [table, ...Array.from(ZIG_ZAG, (at) => steps[at]!)]);
  }
  segment(file, 0xc0, [
    8,
    ...word(image.height),
    ...word(image.width),
    components.length,
    ...components.flatMap(({ sampling, table }, at) => [at + 1, sampling * 16 + sampling, table]),
  ]);
  for (const { kind, table, code } of codes) {
    if (code !== undefined) segment(file, 0xc4, [(kind === 'dc' ? 0 : 16) + table, ...describedCode(code)]);
  }
  segment(file, 0xda, [
    components.length,
    ...components.flatMap(({ table }, at) => [at + 1, table * 16 + table]),
    ...[0, 63, 0],
  ]);
  const bits = new BitWriter(file);
  for (const { kind, table, symbol, extra, extraBits } of scan) {
    const code = codeOf(kind, table)!;
    bits.write(code.codes[symbol]!, code.lengths[symbol]!);
    bits.write(extra, extraBits);
  }
  bits.finish();
  file.push(0xff, 0xd9);
  return Uint8Array.from(file);
}

const WHERE = 'encodeJpeg';

function checkImage({ width, height, channels, values }: RasterImage): void {
  checkInteger(WHERE, 'width', width, { min: 1, max: 65535 });
  checkInteger(WHERE, 'height', height, { min: 1, max: 65535 });
  checkThat(WHERE, 'channels', channels === 1 || channels === 3, {
    expected: 'to be 1 or 3',
    actual: String(channels),
  });
  checkThat(WHERE, 'values', values.length === width * height * channels, {
    error: ShapeError,
    expected: `to be ${width * height * channels}, for [${height}, ${width}, ${channels}]`,
    actual: String(values.length),
  });
  for (let at = 0; at < values.length; at++) {
    if (values[at]! >= 0 && values[at]! <= 255) continue;
    throw new DomainError({
      where: WHERE,
      argument: `value ${at}`,
      expected: 'from 0 to 255',
      actual: String(values[at]),
    });
  }
}

/** One plane of the image: brightness, or a difference of colour. */
interface Component {
  /** Blocks per side of a unit of the scan: 2 where the others have half the resolution. */
  readonly sampling: number;
  /** Its tables: 0 for brightness, 1 for colour. */
  readonly table: 0 | 1;
  readonly steps: Uint8Array;
  /** The value at a position of the plane; the edge goes on beyond the image. */
  at(row: number, column: number): number;
  /** How many units of the scan there are in its plane, down and across. */
  readonly units: readonly [number, number];
}

function componentsOf(
  image: RasterImage,
  { quality, subsampling }: Required<JpegOptions>,
): readonly Component[] {
  const { width, height, channels, values } = image;
  const pixel = (row: number, column: number, channel: number): number =>
    values[(Math.min(row, height - 1) * width + Math.min(column, width - 1)) * channels + channel]!;
  const luminance = quantizationSteps('luminance', quality);
  if (channels === 1) {
    const units = [Math.ceil(height / SIDE), Math.ceil(width / SIDE)] as const;
    return [{ sampling: 1, table: 0, steps: luminance, units, at: (row, column) => pixel(row, column, 0) }];
  }
  const factor = subsampling ? 2 : 1;
  const units = [Math.ceil(height / (factor * SIDE)), Math.ceil(width / (factor * SIDE))] as const;
  const colour = (row: number, column: number, channel: 0 | 1 | 2): number =>
    toYCbCr(pixel(row, column, 0), pixel(row, column, 1), pixel(row, column, 2))[channel];
  /** The mean of the pixels that a value of a smaller plane stands for. */
  const mean = (row: number, column: number, channel: 1 | 2): number => {
    let sum = 0;
    for (let y = 0; y < factor; y++) {
      for (let x = 0; x < factor; x++) sum += colour(factor * row + y, factor * column + x, channel);
    }
    return sum / factor ** 2;
  };
  const chrominance = quantizationSteps('chrominance', quality);
  return [
    { sampling: factor, table: 0, steps: luminance, units, at: (row, column) => colour(row, column, 0) },
    ...([1, 2] as const).map((channel): Component => ({
      ...{ sampling: 1, table: 1, steps: chrominance, units },
      at: (row, column) => mean(row, column, channel),
    })),
  ];
}

/** A Huffman symbol of the scan, and the bits that follow it as they are. */
interface ScanSymbol {
  readonly kind: 'dc' | 'ac';
  readonly table: 0 | 1;
  readonly symbol: number;
  readonly extra: number;
  readonly extraBits: number;
}

function scanOf(components: readonly Component[]): readonly ScanSymbol[] {
  const symbols: ScanSymbol[] = [];
  const lastDc = components.map(() => 0);
  const [down, across] = components[0]!.units;
  for (let unitRow = 0; unitRow < down; unitRow++) {
    for (let unitColumn = 0; unitColumn < across; unitColumn++) {
      components.forEach((component, index) => {
        const { sampling } = component;
        for (let block = 0; block < sampling ** 2; block++) {
          const row = unitRow * sampling + Math.floor(block / sampling);
          const column = unitColumn * sampling + (block % sampling);
          const coefficients = quantized(component, row * SIDE, column * SIDE);
          addBlock(symbols, component.table, coefficients, lastDc[index]!);
          lastDc[index] = coefficients[0]!;
        }
      });
    }
  }
  return symbols;
}

/** The rounded coefficients of a block, in zig-zag order. */
function quantized({ at, steps }: Component, row: number, column: number): Int32Array {
  const block = Float64Array.from({ length: BLOCK }, (_, i) => at(row + (i >> 3), column + (i & 7)) - 128);
  const coefficients = dct(block);
  return Int32Array.from(ZIG_ZAG, (position) => Math.round(coefficients[position]! / steps[position]!));
}

/** The difference of the mean to that of the block before; then runs of zeros, each with the coefficient that ends it. */
function addBlock(symbols: ScanSymbol[], table: 0 | 1, coefficients: Int32Array, lastDc: number): void {
  const add = (kind: 'dc' | 'ac', run: number, value: number): void => {
    const extraBits = 32 - Math.clz32(Math.abs(value));
    const extra = value >= 0 ? value : value + 2 ** extraBits - 1;
    symbols.push({ kind, table, symbol: run * 16 + extraBits, extra, extraBits });
  };
  add('dc', 0, coefficients[0]! - lastDc);
  let run = 0;
  for (let at = 1; at < BLOCK; at++) {
    const value = coefficients[at]!;
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) add('ac', 15, 0);
    add('ac', run, value);
    run = 0;
  }
  if (run > 0) add('ac', 0, 0);
}

/** The longest code of the standard. */
const MAX_LENGTH = 16;
/** Larger counts are divided, so that no code is longer than `huffmanLengths` allows. */
const MOST_COUNTS = 2 ** 20;

/** A Huffman code for symbols of 8 bits, with no code of more than 16 bits and none of ones alone. */
function codeFor(symbols: readonly number[]): HuffmanCode {
  const counts = new Float64Array(257);
  const divisor = Math.ceil(symbols.length / MOST_COUNTS);
  for (const symbol of symbols) counts[symbol]! += 1 / divisor;
  // One more symbol, the rarest: its code, the last of the longest ones, is that of ones alone.
  counts[256] = 1;
  const lengths = huffmanLengths(counts.map(Math.ceil));
  const numbers = new Uint32Array(34);
  for (const length of lengths) if (length > 0) numbers[length]!++;
  shorten(numbers);
  const order = Array.from(lengths.keys()).filter((symbol) => lengths[symbol]! > 0);
  order.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  let next = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    for (let left = numbers[length]!; left > 0; left--) lengths[order[next++]!] = length;
  }
  return new HuffmanCode(lengths.subarray(0, 256));
}

/** Shortens codes of more than 16 bits: two of them move up, and a shorter one becomes two (T.81, Fig. K.3). */
function shorten(numbers: Uint32Array): void {
  for (let length = numbers.length - 1; length > MAX_LENGTH; length--) {
    while (numbers[length]! > 0) {
      let shorter = length - 2;
      while (numbers[shorter] === 0) shorter--;
      numbers[length]! -= 2;
      numbers[length - 1]!++;
      numbers[shorter + 1]! += 2;
      numbers[shorter]!--;
    }
  }
}

/** How many codes there are of each length, and their symbols. */
function describedCode({ lengths }: HuffmanCode): number[] {
  const ofLength = (length: number): number[] =>
    Array.from(lengths.keys()).filter((symbol) => lengths[symbol] === length);
  const all = Array.from({ length: MAX_LENGTH }, (_, index) => ofLength(index + 1));
  return [...all.map((symbols) => symbols.length), ...all.flat()];
}

const word = (value: number): [number, number] => [value >> 8, value & 255];

function segment(file: number[], marker: number, content: readonly number[]): void {
  file.push(0xff, marker, ...word(content.length + 2), ...content);
}

/** Bits, the highest first. A byte of ones is followed by one of zeros, so that it is no marker. */
class BitWriter {
  readonly #bytes: number[];
  #bits = 0;
  #count = 0;

  constructor(bytes: number[]) {
    this.#bytes = bytes;
  }

  write(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      this.#bits = this.#bits * 2 + ((value >>> bit) & 1);
      if (++this.#count === 8) this.#push();
    }
  }

  /** Fills the last byte with ones. */
  finish(): void {
    while (this.#count > 0) this.write(1, 1);
  }

  #push(): void {
    this.#bytes.push(this.#bits);
    if (this.#bits === 0xff) this.#bytes.push(0);
    this.#bits = 0;
    this.#count = 0;
  }
}
