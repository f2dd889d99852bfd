import { checkSize, ImageFault, type RgbImage } from '../rgb-image';
import { toRgb, type ColourSpace } from './colour';
import { BitReader, HuffmanTable } from './entropy';
import { inverseDct } from './idct';
import { decodeScan, type Component, type Frame, type ScanComponent } from './scan';
import { upsample, type Plane } from './upsample';
import { ZIGZAG } from './zigzag';

/**
 * Decodes a JPEG of 8 bits with Huffman codes, baseline or progressive, in grey, YCbCr, RGB, CMYK or YCCK. The pixels are
 * those of libjpeg. EXIF orientation and colour profiles are not applied.
 *
 * @throws ImageFault if the file is damaged, cut short, of another kind, or larger than `maxPixels`
 * @see ITU-T T.81, Digital compression and coding of continuous-tone still images (1992)
 */
export function decodeJpeg(bytes: Uint8Array, maxPixels: number): RgbImage {
  const file = new JpegFile(bytes, maxPixels);
  const frame = file.read();
  const planes = frame.components.map((component) =>
    upsample(samplesOf(component), frame.across / component.across, frame.down / component.down),
  );
  return toRgb(frame, planes, file.colourSpace());
}

const MARKER = { SOF0: 0xc0, SOF2: 0xc2, DHT: 0xc4, EOI: 0xd9, SOS: 0xda, DQT: 0xdb, DRI: 0xdd } as const;
/** Frames that hold other data: lossless, hierarchical, arithmetic. DHT, JPG and DAC lie between them. */
const OTHER_FRAMES = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
/** Encoders use about ten. More make a small file take long. */
const MOST_SCANS = 100;

/** The segments of a file, read in order. */
class JpegFile {
  readonly #view: DataView;
  readonly #quantization: (Uint16Array | undefined)[] = [];
  /** By class (0 for DC, 1 for AC) and destination; each is built when a scan uses it. */
  readonly #huffman: (HuffmanSegment | undefined)[][] = [[], []];
  #frame: Frame | undefined;
  #restartInterval = 0;
  #scans = 0;
  #isJfif = false;
  #adobeTransform: number | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly maxPixels: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): Frame {
    let position = 2;
    for (;;) {
      if (this.bytes[position] !== 0xff) throw new ImageFault('to have a marker after each segment', 'none');
      // Any number of 255 may stand before a marker.
      while (this.bytes[position] === 0xff) position++;
      const marker = this.bytes[position++];
      if (marker === MARKER.EOI) return this.#finish();
      const end = position + 2 <= this.bytes.length ? position + this.#view.getUint16(position) : Infinity;
      if (marker === undefined || end > this.bytes.length || end < position + 2) {
        throw new ImageFault('to end with the marker EOI', 'a file that is cut short');
      }
      const segment = this.bytes.subarray(position + 2, end);
      position = marker === MARKER.SOS ? this.#readScan(segment, end) : end;
      if (marker !== MARKER.SOS) this.#readSegment(marker, segment);
    }
  }

  colourSpace(): ColourSpace {
    const { components } = this.#frame!;
    if (components.length === 1) return 'grey';
    if (components.length === 4) return this.#adobeTransform === 2 ? 'ycck' : 'cmyk';
    if (this.#isJfif) return 'ycbcr';
    if (this.#adobeTransform !== undefined) return this.#adobeTransform === 0 ? 'rgb' : 'ycbcr';
    return String.fromCharCode(...components.map(({ id }) => id)) === 'RGB' ? 'rgb' : 'ycbcr';
  }

  #readSegment(marker: number, segment: Uint8Array): void {
    if (marker === MARKER.DQT) this.#readQuantization(segment);
    else if (marker === MARKER.DHT) this.#readHuffman(segment);
    else if (marker >= MARKER.SOF0 && marker <= MARKER.SOF2) this.#readFrame(segment, marker === MARKER.SOF2);
    else if (OTHER_FRAMES.includes(marker)) {
      throw new ImageFault(
        'to be baseline or progressive with Huffman codes',
        `a frame of type ${marker - MARKER.SOF0}`,
        'save it again as an ordinary JPEG or PNG',
      );
    } else if (marker === MARKER.DRI && segment.length >= 2) {
      this.#restartInterval = segment[0]! * 256 + segment[1]!;
    } else if (marker === 0xe0 && startsWith(segment, 'JFIF\0')) this.#isJfif = true;
    else if (marker === 0xee && startsWith(segment, 'Adobe') && segment.length >= 12) {
      this.#adobeTransform = segment[11]!;
    }
  }

  #readQuantization(segment: Uint8Array): void {
    for (let at = 0; at < segment.length;) {
      const [precision, destination] = nibbles(segment[at++]!);
      const length = precision === 0 ? 64 : 128;
      if (precision > 1 || destination > 3 || at + length > segment.length) malformed('quantization tables');
      const table = new Uint16Array(64);
      for (let index = 0; index < 64; index++) {
        table[ZIGZAG[index]!] =
          precision === 0
            ? segment[at + index]!
            : segment[at + 2 * index]! * 256 + segment[at + 2 * index + 1]!;
      }
      this.#quantization[destination] = table;
      at += length;
    }
  }

  #readHuffman(segment: Uint8Array): void {
    for (let at = 0; at < segment.length;) {
      const [kind, destination] = nibbles(segment[at]!);
      const counts = segment.subarray(at + 1, at + 17);
      const end = at + 17 + counts.reduce((sum, count) => sum + count, 0);
      if (kind > 1 || destination > 3 || counts.length < 16 || end > segment.length)
        malformed('Huffman tables');
      this.#huffman[kind]![destination] = { counts, symbols: segment.subarray(at + 17, end) };
      at = end;
    }
  }

  #readFrame(segment: Uint8Array, progressive: boolean): void {
    const [precision, heightHigh, heightLow, widthHigh, widthLow, count = 0] = segment;
    if (this.#frame !== undefined) throw new ImageFault('to hold one frame', 'another');
    if (segment.length !== 6 + 3 * count) malformed('frame header');
    if (precision !== 8) throw new ImageFault('to have 8 bits per sample', `${precision}`);
    if (count !== 1 && count !== 3 && count !== 4) {
      throw new ImageFault('to have 1, 3 or 4 components', String(count));
    }
    const size = { width: widthHigh! * 256 + widthLow!, height: heightHigh! * 256 + heightLow! };
    const described = Array.from({ length: count }, (_, index) => {
      const [id, sampling, quantization] = segment.subarray(6 + 3 * index) as unknown as number[];
      const [across, down] = nibbles(sampling!);
      if (across < 1 || across > 4 || down < 1 || down > 4) malformed('sampling factors');
      return { id: id!, across, down, quantizationTable: quantization! };
    });
    const across = Math.max(...described.map((component) => component.across));
    const down = Math.max(...described.map((component) => component.down));
    const mcus = { across: Math.ceil(size.width / (8 * across)), down: Math.ceil(size.height / (8 * down)) };
    const layouts = described.map((component) => ({
      ...component,
      width: Math.ceil((size.width * component.across) / across),
      height: Math.ceil((size.height * component.down) / down),
      blocksAcross: mcus.across * component.across,
      blocksDown: mcus.down * component.down,
    }));
    // Each block takes at least the one bit of a code.
    const blocks = layouts.reduce(
      (sum, { width, height }) => sum + Math.ceil(width / 8) * Math.ceil(height / 8),
      0,
    );
    const mostPixels = (8 * this.bytes.length * size.width * size.height) / blocks;
    checkSize(size, { maxPixels: this.maxPixels, mostPixels });
    this.#frame = {
      ...size,
      across,
      down,
      mcus,
      progressive,
      components: layouts.map((layout) => ({
        ...layout,
        coefficients: new Int16Array(64 * layout.blocksAcross * layout.blocksDown),
        quantization: undefined,
        missingBits: new Int8Array(64).fill(UNKNOWN),
      })),
    };
  }

  /** @returns the place of the marker after the scan */
  #readScan(segment: Uint8Array, start: number): number {
    const frame = this.#frame;
    const count = segment[0] ?? 0;
    if (frame === undefined) throw new ImageFault('to have a frame header before its data', 'none');
    if (count < 1 || count > 4 || segment.length !== 4 + 2 * count) malformed('scan header');
    if (++this.#scans > MOST_SCANS) throw new ImageFault(`to have at most ${MOST_SCANS} scans`, 'more');
    const [first, last, bits] = segment.subarray(1 + 2 * count) as unknown as [number, number, number];
    const [highBit, lowBit] = nibbles(bits);
    const components = Array.from({ length: count }, (_, index): ScanComponent => {
      const [id, tables] = segment.subarray(1 + 2 * index) as unknown as [number, number];
      const component = frame.components.find((candidate) => candidate.id === id);
      if (component === undefined) malformed('scan header');
      component.quantization ??= this.#quantization[component.quantizationTable];
      const [dc, ac] = nibbles(tables);
      return {
        component,
        dc: first === 0 && highBit === 0 ? this.#table(0, dc) : undefined,
        ac: last > 0 ? this.#table(1, ac) : undefined,
        prediction: 0,
      };
    });
    const reader = new BitReader(this.bytes, start);
    decodeScan(frame, { components, first, last, highBit, lowBit }, reader, this.#restartInterval);
    return reader.toMarker();
  }

  #table(kind: 0 | 1, destination: number): HuffmanTable {
    const segment = this.#huffman[kind]![destination];
    if (segment === undefined)
      throw new ImageFault('to have the Huffman tables of its scans', 'not all of them');
    return (segment.table ??= new HuffmanTable(segment.counts, segment.symbols));
  }

  #finish(): Frame {
    const frame = this.#frame;
    const isWhole = frame?.components.every(
      ({ missingBits, quantization }) =>
        quantization !== undefined && missingBits.every((bits) => bits === 0),
    );
    if (frame === undefined || !isWhole)
      throw new ImageFault('to have data for all its pixels', 'only some of them');
    return frame;
  }
}

interface HuffmanSegment {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
  table?: HuffmanTable;
}

/** No scan has had the coefficient yet. */
const UNKNOWN = -1;

function samplesOf({
  width,
  height,
  blocksAcross,
  blocksDown,
  coefficients,
  quantization,
}: Component): Plane {
  const stride = 8 * blocksAcross;
  const samples = new Uint8Array(stride * 8 * blocksDown);
  for (let row = 0; row < blocksDown; row++) {
    for (let column = 0; column < blocksAcross; column++) {
      const start = 64 * (row * blocksAcross + column);
      inverseDct(coefficients, start, quantization!, samples, 8 * (row * stride + column), stride);
    }
  }
  return { width, height, stride, samples };
}

function nibbles(byte: number): [high: number, low: number] {
  return [byte >> 4, byte & 15];
}

function startsWith(segment: Uint8Array, text: string): boolean {
  return [...text].every((character, index) => segment[index] === character.charCodeAt(0));
}

function malformed(what: string): never {
  throw new ImageFault(`to have well-formed ${what}`, 'others');
}
