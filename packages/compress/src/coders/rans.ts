import { checkInteger, checkOptions, NumericalError, SerializationError } from '@dgm/core';
import { checkSymbol, MAX_PRECISION } from './frequency-table';
import type { FrequencyTable, SymbolTable } from './frequency-table';
import { Words, wordsOf } from './words';

/** The state is an integer in [2^32, 2^48), which a double holds exactly with room for every step. */
const LOW = 2 ** 32;
const HIGH = 2 ** 48;
const WORD = 2 ** 16;
/** The bytes that a state takes. */
const STATE_BYTES = 6;

/**
 * A message as a stack of symbols: asymmetric numeral systems over a range (rANS). What is pushed last is popped first, and
 * popping from a distribution that nothing was pushed with draws a symbol from it and shortens the message, which is
 * what bits-back coding does.
 *
 * For a symbol with the interval $[c, c + f)$ of $2^k$ the state becomes
 * $x' = 2^k \lfloor x / f \rfloor + c + (x \bmod f)$. Words of 16 bits leave and enter so that $2^{32} \le x < 2^{48}$.
 *
 * @see Asymmetric numeral systems (Duda, 2013), arXiv:1311.2540
 *
 * @example
 * ```ts
 * const table = FrequencyTable.of([0.7, 0.2, 0.1]);
 * const stack = new RansStack();
 * stack.push(2, table);
 * stack.push(0, table);
 * stack.pop(table); // 0
 * stack.pop(table); // 2
 * ```
 */
export class RansStack {
  #state = LOW;
  readonly #words: Words;

  constructor() {
    this.#words = new Words();
  }

  /**
   * Reads what {@link RansStack.toBytes} has written.
   * @throws SerializationError if the bytes can be no such message
   */
  static from(bytes: Uint8Array): RansStack {
    const stack = new RansStack();
    const end = bytes.length - STATE_BYTES;
    if (end < 0 || end % 2 !== 0) throw damaged(`${bytes.length} bytes`);
    const state = readState(bytes, end);
    if (state < LOW) throw damaged('a state below its range');
    for (const word of wordsOf(bytes.subarray(0, end))) stack.#words.push(word);
    stack.#state = state;
    return stack;
  }

  /** Whether all that was pushed has been popped. */
  get isEmpty(): boolean {
    return this.#state === LOW && this.#words.length === 0;
  }

  /** The information in the message, in bits: its length without what is lost by writing whole words. */
  get bits(): number {
    return 16 * this.#words.length + Math.log2(this.#state / LOW);
  }

  /**
   * @param table - whose total is a power of two of at most `2 ** 24`
   * @throws ArgumentError if the table has no such symbol
   */
  push(symbol: number, table: SymbolTable): void {
    checkSymbol('RansStack.push', symbol, table);
    this.#push(table.start(symbol), table.frequency(symbol), table.total);
  }

  /** @throws SerializationError if the message has no more symbols */
  pop(table: SymbolTable): number {
    const { total } = table;
    const slot = remainder(this.#state, total);
    const symbol = table.find(slot);
    this.#pop(slot - table.start(symbol), table.frequency(symbol), total);
    return symbol;
  }

  /**
   * Pushes an integer from 0 to `2 ** bits - 1` as it is.
   * @throws ArgumentError if it is none, or if `bits` is not an integer from 0 to 24
   */
  pushBits(value: number, bits: number): void {
    checkInteger('RansStack.pushBits', 'bits', bits, { min: 0, max: MAX_PRECISION });
    checkInteger('RansStack.pushBits', 'value', value, { min: 0, max: 2 ** bits - 1 });
    this.#push(value, 1, 2 ** bits);
  }

  /** @throws SerializationError if the message has no more symbols */
  popBits(bits: number): number {
    checkInteger('RansStack.popBits', 'bits', bits, { min: 0, max: MAX_PRECISION });
    const value = remainder(this.#state, 2 ** bits);
    this.#pop(0, 1, 2 ** bits);
    return value;
  }

  toBytes(): Uint8Array {
    const words = this.#words.toBytes();
    const bytes = new Uint8Array(words.length + STATE_BYTES);
    bytes.set(words);
    writeState(bytes, words.length, this.#state);
    return bytes;
  }

  #push(start: number, frequency: number, total: number): void {
    if (!(frequency > 0)) {
      throw new NumericalError({
        where: 'RansStack.push',
        argument: 'the frequency',
        expected: 'to be positive',
        actual: String(frequency),
      });
    }
    let state = this.#state;
    while (state >= (HIGH / total) * frequency) {
      const rest = Math.floor(state / WORD);
      this.#words.push(state - rest * WORD);
      state = rest;
    }
    const quotient = Math.floor(state / frequency);
    this.#state = quotient * total + start + (state - quotient * frequency);
  }

  #pop(offset: number, frequency: number, total: number): void {
    let state = Math.floor(this.#state / total) * frequency + offset;
    while (state < LOW) {
      const word = this.#words.pop();
      if (word === undefined) throw damaged('a message that ends before its symbols');
      state = state * WORD + word;
    }
    this.#state = state;
  }
}

export interface InterleavedOptions {
  /**
   * How many states take turns, from 1 to 64. Each takes 6 bytes of the message.
   * @defaultValue 2
   */
  readonly states?: number;
}

/** More would be slower, and longer. */
const MOST_STATES = 64;

/**
 * Codes many symbols of one distribution by interleaved rANS: N independent states take turns, symbol i with state i mod N, and
 * share one stream of words. A step of one state does not wait for the step before it, so that a processor works on several.
 *
 * @param symbols - integers from 0 to `numSymbols - 1`
 * @returns bytes for {@link ransDecode}, which finds neither the number of symbols nor that of states in them
 * @throws ArgumentError if the table lacks a symbol, or there are not 1 to 64 states
 * @see Interleaved entropy coders (Giesen, 2014), arXiv:1402.3392
 *
 * @example
 * ```ts
 * const table = FrequencyTable.of([0.7, 0.2, 0.1]);
 * const bytes = ransEncode([0, 2, 1, 0], table, { states: 4 });
 * ransDecode(bytes, 4, table, { states: 4 }); // Uint32Array [0, 2, 1, 0]
 * ```
 */
export function ransEncode(
  symbols: ArrayLike<number>,
  table: FrequencyTable,
  options: InterleavedOptions = {},
): Uint8Array {
  const states = newStates('ransEncode', options);
  const { cumulative, total, numSymbols } = table;
  const limit = HIGH / total;
  // A symbol takes at most `precision` bits beyond what its state holds: two words at most.
  const words = new Uint16Array(2 * symbols.length);
  let at = words.length;
  let turn = symbols.length % states.length;
  for (let index = symbols.length - 1; index >= 0; index--) {
    turn = (turn === 0 ? states.length : turn) - 1;
    const symbol = symbols[index]!;
    if (symbol >>> 0 !== symbol || symbol >= numSymbols) checkSymbol('ransEncode', symbol, table);
    const start = cumulative[symbol]!;
    const frequency = cumulative[symbol + 1]! - start;
    let state = states[turn]!;
    while (state >= limit * frequency) {
      const rest = Math.floor(state / WORD);
      words[--at] = state - rest * WORD;
      state = rest;
    }
    const quotient = Math.floor(state / frequency);
    states[turn] = quotient * total + start + (state - quotient * frequency);
  }
  const head = STATE_BYTES * states.length;
  const body = new Words(words.subarray(at)).toBytes();
  const bytes = new Uint8Array(head + body.length);
  states.forEach((state, index) => writeState(bytes, STATE_BYTES * index, state));
  bytes.set(body, head);
  return bytes;
}

/**
 * Decodes what {@link ransEncode} has written.
 * @param count - how many symbols there are
 * @param options - with as many states as the message has
 * @throws SerializationError if the bytes are not those of so many symbols and states
 *
 * @example
 * ```ts
 * const table = FrequencyTable.of([0.7, 0.2, 0.1]);
 * ransDecode(ransEncode([0, 2, 1], table), 3, table); // Uint32Array [0, 2, 1]
 * ```
 */
export function ransDecode(
  bytes: Uint8Array,
  count: number,
  table: FrequencyTable,
  options: InterleavedOptions = {},
): Uint32Array {
  checkInteger('ransDecode', 'count', count, { min: 0 });
  const states = newStates('ransDecode', options);
  const head = STATE_BYTES * states.length;
  if (bytes.length < head || (bytes.length - head) % 2 !== 0) throw damaged(`${bytes.length} bytes`);
  for (let index = 0; index < states.length; index++) states[index] = readState(bytes, STATE_BYTES * index);
  const words = wordsOf(bytes.subarray(head));
  const { cumulative, total } = table;
  const inverse = 1 / total;
  const symbolAt = lookup(table);
  const symbols = new Uint32Array(count);
  let at = 0;
  let turn = 0;
  for (let index = 0; index < count; index++) {
    const before = states[turn]!;
    const quotient = Math.floor(before * inverse);
    const slot = before - quotient * total;
    const symbol = symbolAt === undefined ? table.find(slot) : symbolAt[slot]!;
    const start = cumulative[symbol]!;
    let state = quotient * (cumulative[symbol + 1]! - start) + slot - start;
    while (state < LOW) {
      if (at === words.length) throw damaged('a message that ends before its symbols');
      state = state * WORD + words[at++]!;
    }
    symbols[index] = symbol;
    states[turn] = state;
    turn = turn + 1 === states.length ? 0 : turn + 1;
  }
  if (at !== words.length || states.some((state) => state !== LOW))
    throw damaged('more than so many symbols');
  return symbols;
}

function newStates(where: string, options: InterleavedOptions): Float64Array {
  checkOptions(where, options, ['states']);
  const { states = 2 } = options;
  checkInteger(where, 'states', states, { min: 1, max: MOST_STATES });
  return new Float64Array(states).fill(LOW);
}

/** Of a division by a power of two; much faster than `%` beyond 32 bits. */
function remainder(state: number, total: number): number {
  return state - Math.floor(state / total) * total;
}

/** The symbol of every slot, where that takes little memory. */
function lookup({ numSymbols, cumulative, total }: FrequencyTable): Uint16Array | undefined {
  if (total > WORD || numSymbols > WORD) return undefined;
  const symbols = new Uint16Array(total);
  for (let symbol = 0; symbol < numSymbols; symbol++) {
    symbols.fill(symbol, cumulative[symbol], cumulative[symbol + 1]);
  }
  return symbols;
}

function writeState(bytes: Uint8Array, at: number, state: number): void {
  let rest = state;
  for (let index = STATE_BYTES - 1; index >= 0; index--) {
    const next = Math.floor(rest / 256);
    bytes[at + index] = rest - next * 256;
    rest = next;
  }
}

function readState(bytes: Uint8Array, at: number): number {
  let state = 0;
  for (let index = 0; index < STATE_BYTES; index++) state = state * 256 + bytes[at + index]!;
  return state;
}

function damaged(actual: string): SerializationError {
  return new SerializationError({
    where: 'RansStack',
    argument: 'the bytes',
    expected: 'to be a message of rANS',
    actual,
  });
}
