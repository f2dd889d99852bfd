import { ImageFault } from '../rgb-image';

/** A Huffman table of the form that JPEG transmits: how many codes of each length there are, and their symbols. */
export class HuffmanTable {
  /** For the next 8 bits: 256 * length + symbol of the code that they begin with; 0 for longer codes. */
  readonly #short = new Uint16Array(256);
  /** For each length: the largest code, or -1, and what takes a code to the place of its symbol. */
  readonly #largest = new Int32Array(17).fill(-1);
  readonly #offset = new Int32Array(17);
  readonly #symbols: Uint8Array;

  constructor(counts: Uint8Array, symbols: Uint8Array) {
    this.#symbols = symbols;
    let code = 0;
    let place = 0;
    for (let length = 1; length <= 16; length++, code *= 2) {
      const count = counts[length - 1]!;
      if (code + count > 2 ** length)
        throw new ImageFault('to have Huffman codes that can be told apart', 'others');
      this.#offset[length] = place - code;
      for (let index = 0; index < count; index++, code++, place++) {
        if (length > 8) continue;
        const first = code << (8 - length);
        this.#short.fill(256 * length + symbols[place]!, first, first + (1 << (8 - length)));
      }
      if (count > 0) this.#largest[length] = code - 1;
    }
  }

  /** Reads one symbol. */
  read(bits: BitReader): number {
    const entry = this.#short[bits.peek(8)]!;
    if (entry !== 0) {
      bits.skip(entry >> 8);
      return entry & 255;
    }
    for (let length = 9; length <= 16; length++) {
      const code = bits.peek(length);
      if (code > this.#largest[length]!) continue;
      bits.skip(length);
      return this.#symbols[code + this.#offset[length]!]!;
    }
    throw new ImageFault('to use codes of its Huffman tables', 'another');
  }
}

/** The bits of a scan, up to the next marker. */
export class BitReader {
  #buffer = 0;
  #count = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private position: number,
  ) {}

  /** The next bits without taking them; zeros where the data end. */
  peek(length: number): number {
    if (this.#count < length) this.#fill();
    const missing = length - this.#count;
    const bits = missing > 0 ? this.#buffer << missing : this.#buffer >>> -missing;
    return bits & ((1 << length) - 1);
  }

  skip(length: number): void {
    this.#count -= length;
    if (this.#count < 0) throw new ImageFault('to have data for all its pixels', 'data that are cut short');
  }

  read(length: number): number {
    const bits = this.peek(length);
    this.skip(length);
    return bits;
  }

  /** A number of so many bits, whose first bit is its sign: 1 for positive (F.2.2.1). */
  readSigned(length: number): number {
    if (length === 0) return 0;
    const bits = this.read(length);
    return bits < 1 << (length - 1) ? bits - (1 << length) + 1 : bits;
  }

  /** Drops the padding and gives the place of the marker that follows. */
  toMarker(): number {
    if (this.#count >= 8 || this.bytes[this.position] !== 0xff) {
      throw new ImageFault('to have a marker after its data', 'more data, or none');
    }
    this.#count = 0;
    return this.position;
  }

  /** Passes the `index`-th restart marker. */
  restart(index: number): void {
    let at = this.toMarker();
    while (this.bytes[at + 1] === 0xff) at++;
    if (this.bytes[at + 1] !== 0xd0 + (index & 7))
      throw new ImageFault('to have its restart markers', 'another');
    this.position = at + 2;
  }

  #fill(): void {
    while (this.#count <= 24) {
      const byte = this.bytes[this.position];
      if (byte === undefined) return;
      if (byte === 0xff) {
        // A zero is stuffed after data of 255; anything else is a marker.
        if (this.bytes[this.position + 1] !== 0) return;
        this.position++;
      }
      this.position++;
      this.#buffer = (this.#buffer << 8) | byte;
      this.#count += 8;
    }
  }
}
