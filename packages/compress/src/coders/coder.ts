import { SerializationError } from '@dgm/core';
import { FrequencyTable } from './frequency-table';
import type { SymbolTable } from './frequency-table';
import type { RangeDecoder, RangeEncoder } from './range-coder';

/**
 * One step of a message, so that the two directions share the code that says which step follows which. An encoder writes the
 * symbol and returns it; a decoder ignores it and returns the one that it reads.
 */
export type Coder = (symbol: number, table: SymbolTable) => number;

export function encodingTo(encoder: RangeEncoder): Coder {
  return (symbol, table) => {
    encoder.encode(symbol, table);
    return symbol;
  };
}

export function decodingFrom(decoder: RangeDecoder): Coder {
  return (_, table) => decoder.decode(table);
}

/** Symbols that are equally probable. */
export class UniformTable implements SymbolTable {
  readonly total: number;

  constructor(readonly numSymbols: number) {
    this.total = numSymbols;
  }

  start(symbol: number): number {
    return symbol;
  }

  frequency(): number {
    return 1;
  }

  find(slot: number): number {
    return slot;
  }
}

export const BIT = FrequencyTable.of([1, 1], { precision: 1 });
/** The number of bits of a natural number, from 0 to 63. */
const LENGTH = FrequencyTable.of(new Array<number>(64).fill(1), { precision: 6 });

/**
 * Codes an integer of at least 0: its number of bits, and its bits.
 * @throws SerializationError if a message has one of 2^53 or more
 */
export function codeNatural(coder: Coder, value: number): number {
  const length = coder(bitsOf(value), LENGTH);
  let read = 0;
  for (let bit = length - 1; bit >= 0; bit--) read = 2 * read + coder(Math.floor(value / 2 ** bit) % 2, BIT);
  if (Number.isSafeInteger(read)) return read;
  throw new SerializationError({
    where: 'codeNatural',
    argument: 'the message',
    expected: 'to hold integers below 2 ** 53',
    actual: String(read),
  });
}

function bitsOf(value: number): number {
  let bits = 0;
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 2)) bits++;
  return bits;
}
