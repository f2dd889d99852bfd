import { SerializationError } from '@dgm/core';
import { AdaptiveTable } from './adaptive-table';
import { UniformTable } from './coder';
import type { Coder } from './coder';

/** What a count grows by: texts of one column are much alike. */
const INCREMENT = 32;
/** The symbol of the end of a text; the symbols before it are bytes. */
const END = 256;

/** A symbol of two, whose probabilities follow the message. */
export class AdaptiveBit {
  readonly #table = new AdaptiveTable({ numSymbols: 2, increment: INCREMENT });

  code(coder: Coder, value: boolean): boolean {
    const symbol = coder(value ? 1 : 0, this.#table);
    this.#table.update(symbol);
    return symbol === 1;
  }
}

/** Texts that no model describes: one that came before by its number, others byte by byte, each given the byte before. */
export class TextCoder {
  readonly #numbers = new Map<string, number>();
  readonly #known: string[] = [];
  readonly #isKnown = new AdaptiveBit();
  readonly #bytes = new Map<number, AdaptiveTable>();

  /**
   * @param room - how many bytes a new text may have
   * @throws SerializationError if a message has a longer one, or one that is no UTF-8
   */
  code(coder: Coder, text: string, room = Infinity): string {
    if (this.#known.length > 0) {
      const number = this.#numbers.get(text);
      if (this.#isKnown.code(coder, number !== undefined)) {
        return this.#known[coder(number ?? 0, new UniformTable(this.#known.length))]!;
      }
    }
    const bytes = ENCODER.encode(text);
    const read: number[] = [];
    for (let before = END; ;) {
      const table = this.#after(before);
      const byte = coder(bytes[read.length] ?? END, table);
      table.update(byte);
      if (byte === END) break;
      if (read.length >= room) throw damaged('more bytes of text than it states');
      read.push(byte);
      before = byte;
    }
    const result = decoded(Uint8Array.from(read));
    this.#numbers.set(result, this.#known.length);
    this.#known.push(result);
    return result;
  }

  #after(byte: number): AdaptiveTable {
    const known = this.#bytes.get(byte);
    if (known !== undefined) return known;
    const table = new AdaptiveTable({ numSymbols: END + 1, increment: INCREMENT });
    this.#bytes.set(byte, table);
    return table;
  }
}

const ENCODER = new TextEncoder();

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw damaged('other bytes', cause);
  }
}

function damaged(actual: string, cause?: unknown): SerializationError {
  return new SerializationError({
    where: 'Codec.decode',
    argument: 'the file',
    expected: 'to hold the texts of cells',
    actual,
    remedy: 'the file is damaged: get it again',
    ...(cause !== undefined && { cause }),
  });
}
