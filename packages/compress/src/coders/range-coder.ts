import { SerializationError } from '@dgm/core';
import { checkSymbol } from './frequency-table';
import type { SymbolTable } from './frequency-table';
import { Words, wordsOf } from './words';

/** The interval is an integer in [2^32, 2^48]; words of 16 bits leave it. A double holds it, and a carry, exactly. */
const LOW = 2 ** 32;
const HIGH = 2 ** 48;
const WORD = 2 ** 16;
/** How many words a decoder may read past the end: as many as its first reading takes. */
const AHEAD = 3;

/**
 * An arithmetic coder in integers: a message as a queue of symbols, decoded in the order in which they were encoded. So a
 * table may depend on the symbols before, as those of an adaptive or an autoregressive model do.
 *
 * An interval [low, low + range) of all messages is divided in proportion to the frequencies; what is fixed of `low`
 * leaves in words of 16 bits, held back while a carry can still change them.
 *
 * @see Range encoding: an algorithm for removing redundancy from a digitised message (Martin, 1979)
 */
export class RangeEncoder {
  #low = 0;
  #range = HIGH;
  readonly #words = new Words();
  /** The last word that may still be changed by a carry; undefined before the first. */
  #held: number | undefined;
  /** How many words of ones follow it. */
  #ones = 0;

  /** @throws ArgumentError if the table has no such symbol */
  encode(symbol: number, table: SymbolTable): void {
    checkSymbol('RangeEncoder.encode', symbol, table);
    const start = table.start(symbol);
    const end = start + table.frequency(symbol);
    const unit = Math.floor(this.#range / table.total);
    this.#low += start * unit;
    // What the division leaves over goes to the last symbol.
    this.#range = end === table.total ? this.#range - start * unit : (end - start) * unit;
    while (this.#range < LOW) {
      this.#shift();
      this.#range *= WORD;
    }
  }

  /** The message so far. A decoder reads zeros after its end. */
  finish(): Uint8Array {
    const rest = new RangeEncoder();
    for (const word of wordsOf(this.#words.toBytes())) rest.#words.push(word);
    rest.#held = this.#held;
    rest.#ones = this.#ones;
    // The number of the interval with the most zeros at its end.
    rest.#low = Math.ceil(this.#low / LOW) * LOW;
    rest.#shift();
    rest.#shift();
    return rest.#words.toBytes();
  }

  /** Takes the highest word out of `low`. */
  #shift(): void {
    const word = Math.floor(this.#low / LOW);
    const carry = word >= WORD ? 1 : 0;
    if (word === WORD - 1) this.#ones++;
    else {
      if (this.#held !== undefined) this.#words.push(this.#held + carry);
      for (; this.#ones > 0; this.#ones--) this.#words.push((WORD - 1 + carry) % WORD);
      this.#held = word % WORD;
    }
    this.#low = (this.#low - word * LOW) * WORD;
  }
}

/** Decodes what a {@link RangeEncoder} has written, symbol by symbol. */
export class RangeDecoder {
  #code = 0;
  #range = HIGH;
  readonly #words: Uint16Array;
  #at = 0;

  /** @throws SerializationError if the bytes can be no such message */
  constructor(bytes: Uint8Array) {
    if (bytes.length % 2 !== 0) throw damaged(`${bytes.length} bytes`);
    this.#words = wordsOf(bytes);
    for (let index = 0; index < AHEAD; index++) this.#code = this.#code * WORD + this.#next();
  }

  /** Whether all words of the message have been read. */
  get isAtEnd(): boolean {
    return this.#at >= this.#words.length;
  }

  /** @throws SerializationError if the message has no more symbols */
  decode(table: SymbolTable): number {
    const unit = Math.floor(this.#range / table.total);
    const symbol = table.find(Math.min(table.total - 1, Math.floor(this.#code / unit)));
    const start = table.start(symbol);
    const end = start + table.frequency(symbol);
    this.#code -= start * unit;
    this.#range = end === table.total ? this.#range - start * unit : (end - start) * unit;
    while (this.#range < LOW) {
      this.#code = this.#code * WORD + this.#next();
      this.#range *= WORD;
    }
    return symbol;
  }

  #next(): number {
    if (this.#at >= this.#words.length + AHEAD) throw damaged('a message that ends before its symbols');
    return this.#words[this.#at++] ?? 0;
  }
}

function damaged(actual: string): SerializationError {
  return new SerializationError({
    where: 'RangeDecoder',
    argument: 'the bytes',
    expected: 'to be a message of the range coder',
    actual,
  });
}
