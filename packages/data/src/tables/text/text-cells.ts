import { grown, GrowingBytes } from './growing-bytes';

/** The cells of one column, as bytes of UTF-8 one after the other. */
export class TextCells {
  /**
   * @param bytes - the cells without their quotes
   * @param ends - where each cell ends in `bytes`, `[count]`
   * @param quotes - a bit for each row, lowest first: whether the cell is quoted in the text
   */
  constructor(
    readonly name: string,
    readonly bytes: Uint8Array,
    readonly ends: Uint32Array,
    private readonly quotes: Uint8Array,
  ) {}

  /** The number of rows. */
  get count(): number {
    return this.ends.length;
  }

  /** Where a cell begins in `bytes`. */
  start(row: number): number {
    return row === 0 ? 0 : this.ends[row - 1]!;
  }

  /** The text of a cell, without quotes. */
  text(row: number): string {
    const [start, end] = [this.start(row), this.ends[row]!];
    let text = '';
    for (let at = start; at < end; at++) {
      const byte = this.bytes[at]!;
      if (byte > 127) return DECODER.decode(this.bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Whether a cell is quoted in the text. */
  isQuoted(row: number): boolean {
    return ((this.quotes[row >> 3]! >> (row & 7)) & 1) === 1;
  }

  /** Appends a cell as it stands in the text. */
  write(row: number, target: GrowingBytes): void {
    if (!this.isQuoted(row)) return target.append(this.bytes, this.start(row), this.ends[row]!);
    target.append(ENCODER.encode(quoted(this.text(row), true)));
  }

  /**
   * The column with other texts in some cells.
   * @param text - the new text of a row's cell; undefined for a cell that stays as it is
   * @param separator - the character between cells, for the quotes of new ones
   */
  replace(text: (row: number) => string | undefined, separator = ','): TextCells {
    const builder = new CellsBuilder();
    for (let row = 0; row < this.count; row++) {
      const cell = text(row);
      if (cell === undefined)
        builder.push(this.bytes.subarray(this.start(row), this.ends[row]!), this.isQuoted(row));
      else builder.push(ENCODER.encode(cell), needsQuotes(cell, separator));
    }
    return builder.finish(this.name);
  }

  subset(rows: ArrayLike<number>): TextCells {
    const builder = new CellsBuilder();
    for (const row of Array.from(rows)) {
      builder.push(this.bytes.subarray(this.start(row), this.ends[row]!), this.isQuoted(row));
    }
    return builder.finish(this.name);
  }
}

/** Appends cells to a column. */
export class CellsBuilder {
  readonly #bytes = new GrowingBytes();
  #ends = new Uint32Array(64);
  #quotes = new Uint8Array(8);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(cell: Uint8Array, isQuoted: boolean): void {
    this.#bytes.append(cell);
    this.#close(isQuoted);
  }

  /** Appends the bytes of a cell, doubled quotes made single if it is quoted. */
  pushSlice(text: Uint8Array, start: number, end: number, isQuoted: boolean): void {
    if (!isQuoted) this.#bytes.append(text, start, end);
    else {
      for (let at = start; at < end; at++) {
        this.#bytes.appendByte(text[at]!);
        if (text[at] === QUOTE && text[at + 1] === QUOTE && at + 1 < end) at++;
      }
    }
    this.#close(isQuoted);
  }

  pop(): void {
    this.#count--;
    this.#bytes.length = this.#count === 0 ? 0 : this.#ends[this.#count - 1]!;
    this.#quotes[this.#count >> 3]! &= ~(1 << (this.#count & 7));
  }

  finish(name: string): TextCells {
    const quotes = this.#quotes.slice(0, (this.#count + 7) >> 3);
    return new TextCells(name, this.#bytes.finish(), this.#ends.slice(0, this.#count), quotes);
  }

  #close(isQuoted: boolean): void {
    if (this.#count === this.#ends.length) {
      this.#ends = grown(this.#ends);
      this.#quotes = grown(this.#quotes);
    }
    this.#ends[this.#count] = this.#bytes.length;
    if (isQuoted) this.#quotes[this.#count >> 3]! |= 1 << (this.#count & 7);
    this.#count++;
  }
}

/** Whether a cell has to be quoted in the text. */
export const needsQuotes = (cell: string, separator: string): boolean =>
  cell.includes(separator) || /["\r\n]/.test(cell);

/** A cell as it stands in the text. */
export const quoted = (cell: string, isQuoted: boolean) =>
  isQuoted ? `"${cell.replaceAll('"', '""')}"` : cell;

export const QUOTE = 0x22;
const ENCODER = new TextEncoder();
/** A byte order mark within the text is a character of a cell. */
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
