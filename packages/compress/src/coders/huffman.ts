import { ArgumentError, checkInteger, SerializationError } from '@dgm/core';

/** The longest code that fits the reader's integers. */
const MAX_LENGTH = 32;

/**
 * The lengths of a Huffman code: of all prefix codes the one with the shortest mean length. That is at least the entropy
 * and less than one bit above it.
 *
 * @param counts - how often each symbol comes; one with 0 gets no code
 * @returns one length in bits per symbol, 0 for symbols without a code. A lone symbol gets 1 bit.
 * @throws ArgumentError if a count is not an integer of at least 0, if all are 0, or if a code would be longer than 32 bits
 * @see A method for the construction of minimum-redundancy codes (Huffman, 1952); DGM §8.2
 */
export function huffmanLengths(counts: ArrayLike<number>): Uint8Array {
  const where = 'huffmanLengths';
  interface Tree {
    readonly weight: number;
    readonly parts: readonly [Tree, Tree] | number;
  }
  const leaves: Tree[] = [];
  for (let symbol = 0; symbol < counts.length; symbol++) {
    checkInteger(where, `count ${symbol}`, counts[symbol]!, { min: 0 });
    if (counts[symbol]! > 0) leaves.push({ weight: counts[symbol]!, parts: symbol });
  }
  if (leaves.length === 0) {
    throw new ArgumentError({
      where,
      argument: 'counts',
      expected: 'to have one above 0',
      actual: `${counts.length} zeros`,
    });
  }
  const lengths = new Uint8Array(counts.length);
  // Two queues in increasing order: leaves, and trees as they are made, which come in order by themselves.
  leaves.sort((a, b) => a.weight - b.weight);
  const trees: Tree[] = [];
  let [leaf, tree] = [0, 0];
  const lightest = (): Tree => {
    const isLeaf =
      leaf < leaves.length && (tree === trees.length || leaves[leaf]!.weight <= trees[tree]!.weight);
    return isLeaf ? leaves[leaf++]! : trees[tree++]!;
  };
  for (let merge = 1; merge < leaves.length; merge++) {
    const [a, b] = [lightest(), lightest()];
    trees.push({ weight: a.weight + b.weight, parts: [a, b] });
  }
  const pending: { tree: Tree; depth: number }[] = [{ tree: lightest(), depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { parts } = next.tree;
    const depth = next.depth;
    if (typeof parts === 'number') lengths[parts] = Math.max(1, depth);
    else pending.push(...parts.map((part) => ({ tree: part, depth: depth + 1 })));
  }
  if (lengths.some((length) => length > MAX_LENGTH)) {
    throw new ArgumentError({
      where,
      argument: 'counts',
      expected: `to give codes of at most ${MAX_LENGTH} bits`,
      actual: `one of ${lengths.reduce((most, length) => Math.max(most, length), 0)}`,
      remedy: 'divide the counts, at least 1 each',
    });
  }
  return lengths;
}

/**
 * The canonical prefix code of given lengths: codes of one length are consecutive integers in the order of the symbols, so
 * that the lengths alone are the code.
 *
 * @throws ArgumentError if no prefix code has these lengths
 *
 * @example
 * ```ts
 * const code = new HuffmanCode(huffmanLengths([5, 2, 1, 1]));
 * const bytes = code.encode([0, 3, 0, 1]);
 * code.decode(bytes, 4); // 0, 3, 0, 1
 * ```
 */
export class HuffmanCode {
  readonly lengths: Uint8Array;
  /** The code of each symbol, its first bit the highest of `lengths[symbol]` bits. */
  readonly codes: Uint32Array;
  /** By length: the first code, and how many there are. */
  readonly #first = new Float64Array(MAX_LENGTH + 2);
  readonly #count = new Uint32Array(MAX_LENGTH + 2);
  /** Symbols in the order of their codes. */
  readonly #symbols: Uint32Array;

  constructor(lengths: ArrayLike<number>) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      checkInteger('HuffmanCode', `length ${symbol}`, lengths[symbol]!, { min: 0, max: MAX_LENGTH });
      this.#count[lengths[symbol]!]!++;
    }
    this.#count[0] = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      this.#first[length] = 2 * (this.#first[length - 1]! + this.#count[length - 1]!);
      if (this.#first[length]! + this.#count[length]! > 2 ** length) throw notPrefix(length);
    }
    this.lengths = Uint8Array.from(lengths);
    const used = Array.from(this.lengths.keys()).filter((symbol) => this.lengths[symbol]! > 0);
    if (used.length === 0) throw notPrefix(0);
    used.sort((a, b) => this.lengths[a]! - this.lengths[b]! || a - b);
    this.#symbols = Uint32Array.from(used);
    const next = this.#first.slice();
    this.codes = new Uint32Array(lengths.length);
    for (const symbol of used) this.codes[symbol] = next[this.lengths[symbol]!]!++;
  }

  /** @throws ArgumentError for a symbol without a code */
  encode(symbols: ArrayLike<number>): Uint8Array {
    const list = Array.from(symbols);
    let bits = 0;
    for (const symbol of list) bits += this.#lengthOf(symbol);
    const bytes = new Uint8Array(Math.ceil(bits / 8));
    let at = 0;
    for (const symbol of list) {
      const code = this.codes[symbol]!;
      for (let bit = this.lengths[symbol]! - 1; bit >= 0; bit--, at++) {
        if (((code >>> bit) & 1) === 1) bytes[at >>> 3]! |= 0x80 >>> (at & 7);
      }
    }
    return bytes;
  }

  /**
   * @param count - how many symbols there are
   * @throws SerializationError if the bytes are not those of so many symbols
   */
  decode(bytes: Uint8Array, count: number): Uint32Array {
    checkInteger('HuffmanCode.decode', 'count', count, { min: 0, max: 8 * bytes.length });
    const symbols = new Uint32Array(count);
    let at = 0;
    for (let index = 0; index < count; index++) {
      let code = 0;
      let before = 0;
      for (let length = 1; ; length++) {
        if (length > MAX_LENGTH || at >= 8 * bytes.length) throw damaged();
        code = 2 * code + ((bytes[at >>> 3]! >>> (7 - (at & 7))) & 1);
        at++;
        const offset = code - this.#first[length]!;
        if (offset < this.#count[length]!) {
          symbols[index] = this.#symbols[before + offset]!;
          break;
        }
        before += this.#count[length]!;
      }
    }
    if (Math.ceil(at / 8) !== bytes.length) throw damaged();
    return symbols;
  }

  #lengthOf(symbol: number): number {
    const length = this.lengths[symbol];
    if (length !== undefined && length > 0) return length;
    throw new ArgumentError({
      where: 'HuffmanCode.encode',
      argument: 'symbol',
      expected: 'to be one with a code',
      actual: String(symbol),
    });
  }
}

function notPrefix(length: number): ArgumentError {
  return new ArgumentError({
    where: 'HuffmanCode',
    argument: 'lengths',
    expected: 'to be those of a prefix code',
    actual: length === 0 ? 'no code at all' : `too many codes of at most ${length} bits`,
  });
}

function damaged(): SerializationError {
  return new SerializationError({
    where: 'HuffmanCode.decode',
    argument: 'the bytes',
    expected: 'to be those of so many symbols',
    actual: 'others',
  });
}
