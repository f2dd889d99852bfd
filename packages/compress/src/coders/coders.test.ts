import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { AdaptiveTable } from './adaptive-table';
import { frequencies, FrequencyTable } from './frequency-table';
import type { SymbolTable } from './frequency-table';
import { HuffmanCode, huffmanLengths } from './huffman';
import { RangeDecoder, RangeEncoder } from './range-coder';
import { ransDecode, ransEncode, RansStack } from './rans';
import golden from '../../test/golden/coders.json';

/** Symbols of a distribution, the same on every machine. */
function draw(probabilities: readonly number[], count: number): Uint32Array {
  const cumulative: number[] = [];
  probabilities.reduce((sum, p, index) => (cumulative[index] = sum + p), 0);
  let state = 1;
  return Uint32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const u = state / 2 ** 32;
    return Math.max(
      0,
      cumulative.findIndex((c) => u < c),
    );
  });
}

const entropy = (p: readonly number[]) => p.reduce((sum, q) => (q > 0 ? sum - q * Math.log2(q) : sum), 0);
const skewed = [0.9, 0.05, 0.03, 0.01, 0.005, 0.005];
const many = Array.from({ length: 300 }, (_, index) => 0.97 ** index);
const geometric = many.map((p) => p / many.reduce((sum, q) => sum + q, 0));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The bits of symbols under a table: what no coder of it can beat. */
const informationOf = (symbols: Uint32Array, table: SymbolTable) =>
  symbols.reduce((bits, symbol) => bits - Math.log2(table.frequency(symbol) / table.total), 0);

const failure = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (DgmError.is(error)) return error.code;
    throw error;
  }
  return 'none';
};

describe('frequencies', () => {
  it('are the golden ones of exact rational arithmetic', () => {
    for (const { probabilities, precision, expected } of golden.frequencies) {
      expect([...frequencies(probabilities, { precision })]).toEqual(expected);
    }
  });

  it('give every symbol at least 1 and sum to a power of two', () => {
    for (const probabilities of [
      skewed,
      geometric,
      [1, 0, 0],
      [1e-300, 1e300],
      new Array(256).fill(1 / 256),
    ]) {
      for (const precision of [8, 9, 16, 24]) {
        if (probabilities.length > 2 ** precision) continue;
        const counts = frequencies(probabilities, { precision });
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2 ** precision);
        expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
      }
    }
  });

  it('cost little: the divergence from the probabilities is below 1e-4 bits at 24 bits of precision', () => {
    const counts = frequencies(geometric, { precision: 24 });
    const divergence = geometric.reduce(
      (sum, p, index) => sum + p * Math.log2((p * 2 ** 24) / counts[index]!),
      0,
    );
    expect(divergence).toBeLessThan(1e-4);
    expect(divergence).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ['a negative probability', () => frequencies([0.5, -0.1]), 'domain'],
    ['NaN', () => frequencies([0.5, Number.NaN]), 'domain'],
    ['infinity', () => frequencies([0.5, Infinity]), 'domain'],
    ['no mass', () => frequencies([0, 0]), 'domain'],
    ['no symbols', () => frequencies([]), 'argument'],
    ['more symbols than counts', () => frequencies([1, 1, 1], { precision: 1 }), 'argument'],
    ['a precision of 25', () => frequencies([1], { precision: 25 }), 'argument'],
    ['a sum that is no power of two', () => new FrequencyTable([1, 2]), 'argument'],
    ['a count of 0', () => new FrequencyTable([0, 2]), 'argument'],
  ])('refuse %s', (_, act, code) => expect(failure(act)).toBe(code));

  it('are found by slot', () => {
    const table = FrequencyTable.of(geometric, { precision: 12 });
    for (let slot = 0; slot < table.total; slot++) {
      const symbol = table.find(slot);
      expect(slot >= table.start(symbol) && slot < table.start(symbol) + table.frequency(symbol)).toBe(true);
    }
  });
});

describe.each([
  ['skewed', skewed, 16],
  ['geometric', geometric, 16],
  ['rare symbols at the largest precision', [1 - 2e-7, 1e-7, 1e-7], 24],
  ['one symbol', [1], 16],
])('the coders of %s symbols', (_, probabilities, precision) => {
  const table = FrequencyTable.of(probabilities, { precision });
  const symbols = draw(probabilities, 2000);
  symbols[77] = table.numSymbols - 1; // the rarest comes as well

  it('give back what went in', () => {
    expect(ransDecode(ransEncode(symbols, table), symbols.length, table)).toEqual(symbols);
    const stack = new RansStack();
    for (const symbol of symbols) stack.push(symbol, table);
    const read = RansStack.from(stack.toBytes());
    expect(Uint32Array.from(symbols, () => read.pop(table)).reverse()).toEqual(symbols);
    expect(read.isEmpty).toBe(true);
    const encoder = new RangeEncoder();
    for (const symbol of symbols) encoder.encode(symbol, table);
    const decoder = new RangeDecoder(encoder.finish());
    expect(Uint32Array.from(symbols, () => decoder.decode(table))).toEqual(symbols);
  });

  it('take the information of the symbols and their constant', () => {
    const bits = informationOf(symbols, table);
    const encoder = new RangeEncoder();
    for (const symbol of symbols) encoder.encode(symbol, table);
    // Two states of 48 bits; one word at the end of a range coder's message.
    expect(8 * ransEncode(symbols, table).length).toBeLessThanOrEqual(1.0002 * bits + 96);
    expect(8 * encoder.finish().length).toBeLessThanOrEqual(1.0002 * bits + 32);
  });
});

it('writes the committed streams', () => {
  const table = FrequencyTable.of(skewed);
  const symbols = draw(skewed, 64);
  const stack = new RansStack();
  const encoder = new RangeEncoder();
  for (const symbol of symbols) {
    stack.push(symbol, table);
    encoder.encode(symbol, table);
  }
  const code = new HuffmanCode(huffmanLengths(frequencies(skewed)));
  expect([...symbols]).toEqual(golden.streams.symbols);
  for (const [states, stream] of Object.entries(golden.streams.interleaved)) {
    expect(hex(ransEncode(symbols, table, { states: Number(states) }))).toBe(stream);
  }
  expect(hex(ransEncode(symbols, table))).toBe(golden.streams.interleaved[2]);
  expect(hex(stack.toBytes())).toBe(golden.streams.stack);
  expect(hex(encoder.finish())).toBe(golden.streams.range);
  expect(hex(code.encode(symbols))).toBe(golden.streams.huffman);
});

describe('interleaved rANS', () => {
  const table = FrequencyTable.of(skewed);

  it.each([1, 2, 3, 4, 7, 64])('gives back what went in, by %i states', (states) => {
    for (const count of [0, 1, states - 1, states, states + 1, 500]) {
      const symbols = draw(skewed, count);
      const bytes = ransEncode(symbols, table, { states });
      expect(ransDecode(bytes, count, table, { states })).toEqual(symbols);
      // What is lost per state: what its last word is not filled with, and 16 bits by which it starts above its least.
      expect(8 * bytes.length).toBeLessThanOrEqual(1.0002 * informationOf(symbols, table) + 48 * states);
    }
  });

  it('by one state is the message of a stack', () => {
    const symbols = draw(skewed, 300);
    const stack = new RansStack();
    for (const symbol of [...symbols].reverse()) stack.push(symbol, table);
    const [one, stacked] = [ransEncode(symbols, table, { states: 1 }), hex(stack.toBytes())];
    const words = hex(one.subarray(6)).match(/.{4}/g)!;
    expect(words.reverse().join('') + hex(one.subarray(0, 6))).toBe(stacked);
  });

  it('refuses another number of states than the message has', () => {
    const bytes = ransEncode(draw(skewed, 100), table, { states: 4 });
    for (const states of [1, 2, 3, 5]) {
      expect(failure(() => ransDecode(bytes, 100, table, { states }))).toBe('serialization');
    }
  });

  it.each([0, 65, 1.5, Number.NaN])('refuses %s states', (states) => {
    expect(failure(() => ransEncode([0], table, { states }))).toBe('argument');
    expect(failure(() => ransDecode(new Uint8Array(6), 0, table, { states }))).toBe('argument');
  });
});

describe('rANS', () => {
  it.each([
    ['skewed', skewed],
    ['geometric', geometric],
  ])('has an overhead below 1e-4 on a million %s symbols', (_, probabilities) => {
    const table = FrequencyTable.of(probabilities);
    const symbols = draw(probabilities, 1e6);
    const bits = informationOf(symbols, table);
    const stack = new RansStack();
    for (const symbol of symbols) stack.push(symbol, table);
    expect((8 * stack.toBytes().length) / bits).toBeLessThan(1.0001);
    // Two states of 48 bits are 0.013 % of the shorter message.
    expect((8 * ransEncode(symbols, table).length - 48) / bits).toBeLessThan(1.0001);
  });

  it('draws a symbol where none was pushed, and takes it back', () => {
    const table = FrequencyTable.of(skewed);
    const stack = new RansStack();
    for (let index = 0; index < 100; index++) stack.pushBits((index * 7919) % 65536, 16);
    const before = hex(stack.toBytes());
    const drawn = Array.from({ length: 50 }, () => stack.pop(table));
    expect(stack.bits).toBeLessThan(1600);
    for (const symbol of drawn.reverse()) stack.push(symbol, table);
    expect(hex(stack.toBytes())).toBe(before);
    for (let index = 99; index >= 0; index--) expect(stack.popBits(16)).toBe((index * 7919) % 65536);
    expect(stack.isEmpty).toBe(true);
  });

  it('counts its bits', () => {
    const table = FrequencyTable.of([0.25, 0.75]);
    const stack = new RansStack();
    for (let index = 0; index < 32; index++) stack.push(0, table);
    expect(stack.bits).toBeCloseTo(32 * -Math.log2(table.frequency(0) / table.total), 4);
  });

  it.each([
    ['nothing', () => RansStack.from(new Uint8Array(0))],
    ['an odd number of bytes', () => RansStack.from(new Uint8Array(7))],
    ['a state of 0', () => RansStack.from(new Uint8Array(6))],
    ['an empty message', () => new RansStack().pop(FrequencyTable.of([0.5, 0.5]))],
    ['too few bytes', () => ransDecode(new Uint8Array(4), 1, FrequencyTable.of([1, 1]))],
    [
      'another count',
      () => ransDecode(ransEncode([0, 1], FrequencyTable.of([1, 1])), 1, FrequencyTable.of([1, 1])),
    ],
  ])('refuses %s as damaged', (_, act) => expect(failure(act)).toBe('serialization'));

  it.each([-1, 2, 0.5, Number.NaN])('refuses to encode the symbol %s', (symbol) => {
    const table = FrequencyTable.of([1, 1]);
    expect(failure(() => ransEncode([symbol], table))).toBe('argument');
    expect(failure(() => new RansStack().push(symbol, table))).toBe('argument');
    expect(failure(() => new RangeEncoder().encode(symbol, table))).toBe('argument');
  });
});

describe('the range coder', () => {
  it('carries into words that are held back', () => {
    // The last of two unequal symbols again and again drives `low` towards the top; then the first decides.
    for (let last = 0; last < 40; last++) {
      const table = FrequencyTable.of([1e-9, 1]);
      const symbols = Array.from({ length: 200 }, (_, index) => (index % 40 === last ? 0 : 1));
      const encoder = new RangeEncoder();
      for (const symbol of symbols) encoder.encode(symbol, table);
      const decoder = new RangeDecoder(encoder.finish());
      expect(symbols.map(() => decoder.decode(table))).toEqual(symbols);
    }
  });

  it('can be finished at any time and gone on with', () => {
    const table = FrequencyTable.of(skewed);
    const encoder = new RangeEncoder();
    const symbols = draw(skewed, 300);
    symbols.forEach((symbol, index) => {
      encoder.encode(symbol, table);
      if (index % 50 !== 49) return;
      const decoder = new RangeDecoder(encoder.finish());
      for (let each = 0; each <= index; each++) expect(decoder.decode(table)).toBe(symbols[each]);
    });
  });

  it('notices a message that ends early', () => {
    const table = FrequencyTable.of([1, 1, 1, 1]);
    const decoder = new RangeDecoder(new Uint8Array(2));
    expect(failure(() => Array.from({ length: 100 }, () => decoder.decode(table)))).toBe('serialization');
    expect(failure(() => new RangeDecoder(new Uint8Array(3)))).toBe('serialization');
  });
});

describe('an adaptive table', () => {
  it('takes the bits of its own sequential likelihood within 0.1 %, with and without halving', () => {
    for (const limit of [2 ** 22, 2000]) {
      const symbols = draw(geometric, 5000);
      const coding = new AdaptiveTable({ numSymbols: 300, limit });
      const encoder = new RangeEncoder();
      let bits = 0;
      for (const symbol of symbols) {
        bits -= Math.log2(coding.frequency(symbol) / coding.total);
        encoder.encode(symbol, coding);
        coding.update(symbol);
      }
      const bytes = encoder.finish();
      expect((8 * bytes.length) / bits).toBeLessThan(1.001);
      expect(8 * bytes.length).toBeGreaterThan(bits - 1);
      expect(bits / symbols.length).toBeLessThan(1.1 * entropy(geometric));
      const table = new AdaptiveTable({ numSymbols: 300, limit });
      const decoder = new RangeDecoder(bytes);
      const decoded = Uint32Array.from(symbols, () => {
        const symbol = decoder.decode(table);
        table.update(symbol);
        return symbol;
      });
      expect(decoded).toEqual(symbols);
    }
  });

  it('is consistent with the sums of its counts', () => {
    const table = new AdaptiveTable({ numSymbols: 5, increment: 3 });
    for (const symbol of [0, 4, 4, 2, 1, 4]) table.update(symbol);
    let sum = 0;
    for (let symbol = 0; symbol < 5; symbol++) {
      expect(table.start(symbol)).toBe(sum);
      for (let slot = sum; slot < sum + table.frequency(symbol); slot++)
        expect(table.find(slot)).toBe(symbol);
      sum += table.frequency(symbol);
    }
    expect(table.total).toBe(sum);
  });

  it('refuses options out of range', () => {
    expect(failure(() => new AdaptiveTable({ numSymbols: 0 }))).toBe('argument');
    expect(failure(() => new AdaptiveTable({ numSymbols: 4, limit: 4 }))).toBe('argument');
    expect(failure(() => new AdaptiveTable({ numSymbols: 4 }).update(4))).toBe('argument');
  });
});

describe('a Huffman code', () => {
  it('has the shortest mean length', () => {
    for (const { counts, bits } of golden.huffman) {
      const lengths = huffmanLengths(counts);
      expect(counts.reduce((sum, count, symbol) => sum + count * lengths[symbol]!, 0)).toBe(bits);
    }
  });

  it('lies between the entropy and one bit more, and decodes', () => {
    for (const probabilities of [skewed, geometric]) {
      const counts = frequencies(probabilities);
      const code = new HuffmanCode(huffmanLengths(counts));
      const exact = Array.from(counts, (count) => count / 65536);
      const mean = exact.reduce((sum, p, symbol) => sum + p * code.lengths[symbol]!, 0);
      expect(mean).toBeGreaterThanOrEqual(entropy(exact));
      expect(mean).toBeLessThan(entropy(exact) + 1);
      const symbols = draw(probabilities, 1000);
      expect(code.decode(code.encode(symbols), 1000)).toEqual(symbols);
    }
  });

  it('codes one symbol, and passes over symbols that never come', () => {
    const code = new HuffmanCode(huffmanLengths([0, 3, 0]));
    expect(code.decode(code.encode([1, 1, 1]), 3)).toEqual(Uint32Array.of(1, 1, 1));
    expect(failure(() => code.encode([0]))).toBe('argument');
    expect(failure(() => code.decode(Uint8Array.of(0xff), 1))).toBe('serialization');
  });

  it.each([
    ['no counts', () => huffmanLengths([0, 0])],
    ['half a count', () => huffmanLengths([0.5])],
    ['lengths of no prefix code', () => new HuffmanCode([1, 1, 1])],
    ['no lengths', () => new HuffmanCode([0])],
    ['more symbols than bits', () => new HuffmanCode([1, 1]).decode(new Uint8Array(1), 9)],
  ])('refuses %s', (_, act) => expect(failure(act)).toBe('argument'));

  it('refuses bytes of fewer symbols as damaged', () => {
    expect(failure(() => new HuffmanCode([1, 1]).decode(new Uint8Array(2), 3))).toBe('serialization');
  });
});
