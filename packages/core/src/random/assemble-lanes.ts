/** How many parts of a stream are made at once: two vectors of four 32-bit lanes. */
export const LANES = 8;
/** The lengths that a part may have, longest first. */
export const PART_LENGTHS = [512, 256, 128, 64, 32] as const;
/** The most numbers that are made by one call. */
export const MOST_NUMBERS = LANES * PART_LENGTHS[0];

/** Half bytes of a state. */
export const HALF_BYTES = 32;
const BYTES_OF_STATE = 16;
/** A state for each half byte and each of its values. */
const BYTES_OF_JUMP = HALF_BYTES * 16 * BYTES_OF_STATE;

/** Where things lie in the memory of the module, in bytes. */
export const MEMORY = {
  /** The states in which parts begin, and the one after the last part. */
  states: 0,
  /** For each length of a part, the states of which the sum is the state that is so many steps later. */
  jumps: 256,
  /** Numbers in the order of the stream. */
  numbers: 256 + PART_LENGTHS.length * BYTES_OF_JUMP,
  /** Four entries for each number. */
  entries: 256 + PART_LENGTHS.length * BYTES_OF_JUMP + 4 * MOST_NUMBERS,
  /** Indices of groups of four numbers. */
  ties: 256 + PART_LENGTHS.length * BYTES_OF_JUMP + 20 * MOST_NUMBERS,
  /** Of each layer of the ziggurat its width, eight bytes, its limit, four bytes, and four bytes of nothing. */
  layers: 256 + PART_LENGTHS.length * BYTES_OF_JUMP + 21 * MOST_NUMBERS,
  pages: 3,
} as const;

/** Where the table of the jump over a part begins. */
export function jumpOver(length: (typeof PART_LENGTHS)[number]): number {
  return MEMORY.jumps + PART_LENGTHS.indexOf(length) * BYTES_OF_JUMP;
}

/** What the module exports. */
export interface LaneFunctions {
  /**
   * Fills `numbers` with a part for each lane, from the first of `states` on, and leaves the state after them as the last.
   * @param jump - where the table of the jump over a part of that length begins
   */
  readonly make: (length: number, jump: number) => void;
  /** Puts the uniform numbers on [0, 1) of the first `count` numbers in their places. */
  readonly toUniform: (count: number) => void;
  /**
   * Writes the normal draws of the numbers from `at` on to `entries`, as float32 from `to` on, until one is not in its layer of the ziggurat.
   * @returns which that is, or `count`
   */
  readonly toNormal: (at: number, to: number, count: number) => number;
  /**
   * Writes `chosen` to `entries` for each byte of the first `count` numbers that is below `threshold`, else 0. Groups with a byte
   * that equals the threshold go to `ties`.
   * @returns how many groups that are
   */
  readonly choose: (count: number, threshold: number, chosen: number) => number;
}

/**
 * A WebAssembly module with the loops of {@link LaneFunctions} over vectors of four lanes. It takes less than 4 KiB, so that a page may
 * compile it at once.
 * @see https://webassembly.github.io/spec/core/binary/index.html
 */
export function assembleLanes(): Uint8Array<ArrayBuffer> {
  const functions: readonly WasmFunction[] = [make(), toUniform(), toNormal(), choose()];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      functions.map(({ parameters, results }) => [
        ...[0x60, ...list(parameters.map((type) => [type])), ...list(results.map((type) => [type]))],
      ]),
    ),
    ...section(
      3,
      functions.map((_, index) => leb(index)),
    ),
    ...section(5, [[0x00, ...leb(MEMORY.pages)]]),
    ...section(7, [
      [...text('memory'), 0x02, 0x00],
      ...functions.map(({ name }, index) => [...text(name), 0x00, ...leb(index)]),
    ]),
    ...section(
      10,
      functions.map(({ locals, body }) => {
        const code = [...list(locals.map(([count, type]) => [...leb(count), type])), ...body, END];
        return [...leb(code.length), ...code];
      }),
    ),
  ]);
}

interface WasmFunction {
  readonly name: keyof LaneFunctions;
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  /** How many of each type. */
  readonly locals: readonly (readonly [number, number])[];
  readonly body: readonly number[];
}

/**
 * Finds the states in which the parts begin, then takes xoshiro128++ through all lanes, four steps at a time: rows of numbers become
 * columns, which are those of a lane.
 */
function make(): WasmFunction {
  const [length, jumps, at, to] = [0, 1, 2, 3];
  const state = (group: number, word: number) => 4 + 4 * group + word;
  const row = (step: number) => 12 + step;
  const shifted = 16;
  const groups = [0, 1] as const;
  const words = [0, 1, 2, 3] as const;

  /** The state at `at` a part's length on: the sum of what each of its half bytes becomes. */
  const jump = Array.from({ length: HALF_BYTES }, (_, index) => [
    ...[...get(at), I32_LOAD_BYTE, 0, ...leb(MEMORY.states + (index >> 1))],
    // A state takes sixteen bytes.
    ...(index % 2 === 0 ? [...i32(15), I32_AND, ...i32(4), I32_SHIFT] : [...i32(240), I32_AND]),
    ...[...get(jumps), I32_ADD, ...load(index * 16 * BYTES_OF_STATE)],
    ...(index === 0 ? [] : XOR),
  ]).flat();
  const step = (group: number, into: number): number[] => {
    const [s0, s1, s2, s3] = words.map((word) => state(group, word)) as [number, number, number, number];
    const xor = (target: number, source: number) => [...get(target), ...get(source), ...XOR, ...set(target)];
    return [
      ...[...get(s0), ...get(s3), ...ADD, ...tee(into)],
      ...[...i32(7), ...SHIFT_LEFT, ...get(into), ...i32(25), ...SHIFT_RIGHT, ...OR],
      ...[...get(s0), ...ADD, ...set(into)],
      ...[...get(s1), ...i32(9), ...SHIFT_LEFT, ...set(shifted)],
      ...[...xor(s2, s0), ...xor(s3, s1), ...xor(s1, s2), ...xor(s0, s3), ...xor(s2, shifted)],
      ...[...get(s3), ...i32(11), ...SHIFT_LEFT, ...get(s3), ...i32(21), ...SHIFT_RIGHT, ...OR, ...set(s3)],
    ];
  };
  const pair = (first: number, second: number, order: readonly number[]) => [
    ...get(row(first)),
    ...get(row(second)),
    ...shuffleWords(order),
  ];
  /** The numbers of all rows in one place. */
  const column = (place: number): number[] => {
    const order = place < 2 ? [0, 4, 1, 5] : [2, 6, 3, 7];
    return [
      ...pair(0, 1, order),
      ...pair(2, 3, order),
      ...shuffleWords(place % 2 === 0 ? [0, 1, 4, 5] : [2, 3, 6, 7]),
    ];
  };
  return {
    name: 'make',
    parameters: [I32, I32],
    results: [],
    locals: [
      [2, I32],
      [13, V128],
    ],
    body: [
      ...[LOOP, NO_RESULT],
      ...[...get(at), ...jump, ...store(MEMORY.states + BYTES_OF_STATE)],
      ...[...get(at), ...i32(BYTES_OF_STATE), I32_ADD, ...tee(at)],
      ...[...i32(LANES * BYTES_OF_STATE), I32_LESS, BRANCH_IF, 0, END],
      ...groups.flatMap((group) => [
        ...words.flatMap((lane) => [
          ...[...i32(0), ...load(MEMORY.states + BYTES_OF_STATE * (4 * group + lane)), ...set(row(lane))],
        ]),
        ...words.flatMap((word) => [...column(word), ...set(state(group, word))]),
      ]),
      // From numbers to bytes.
      ...[...get(length), ...i32(2), I32_SHIFT, ...set(length), ...i32(0), ...set(at)],
      ...[LOOP, NO_RESULT, ...get(at), ...set(to)],
      ...groups.flatMap((group) => [
        ...words.flatMap((index) => step(group, row(index))),
        ...words.flatMap((lane) => [
          ...[...get(to), ...column(lane), ...store(MEMORY.numbers)],
          ...[...get(to), ...get(length), I32_ADD, ...set(to)],
        ]),
      ]),
      ...[...get(at), ...i32(16), I32_ADD, ...tee(at), ...get(length), I32_LESS, BRANCH_IF, 0, END],
    ],
  };
}

/** The upper 24 bits, times 2^-24. */
function toUniform(): WasmFunction {
  const [count, at] = [0, 1];
  const scale = [...new Uint8Array(Float32Array.of(2 ** -24).buffer)];
  return {
    name: 'toUniform',
    parameters: [I32],
    results: [],
    locals: [[1, I32]],
    body: [
      ...[LOOP, NO_RESULT],
      ...[...get(at), ...get(at), ...load(MEMORY.numbers), ...i32(8), ...SHIFT_RIGHT, ...CONVERT],
      ...[F32_CONST, ...scale, ...F32_SPLAT, ...MULTIPLY, ...store(MEMORY.numbers)],
      ...[...get(at), ...i32(16), I32_ADD, ...tee(at), ...get(count), ...i32(2), I32_SHIFT, I32_LESS],
      ...[BRANCH_IF, 0, END],
    ],
  };
}

/**
 * Four numbers at a time while all of them are in their layers, which each looks up; then one at a time up to the one that is not. Products
 * are those of float64, rounded.
 */
function toNormal(): WasmFunction {
  const [at, to, count, bits, four, mantissas] = [0, 1, 2, 3, 4, 5];
  const layerOf = (number: number) => 6 + number;
  const inBytes = (local: number) => [...get(local), ...i32(2), I32_SHIFT, ...set(local)];
  const layer = [...get(bits), ...i32(255), I32_AND, ...i32(4), I32_SHIFT];
  const mantissa = [...get(bits), ...i32(8), I32_SHIFT_SIGN];
  const sign = [...get(bits), ...i32(31), I32_SHIFT_SIGN];
  const pair = (first: number, order: readonly number[]) => [
    ...[...get(layerOf(first)), ...get(layerOf(first + 1)), ...shuffleWords(order)],
  ];
  const limits = [...pair(0, [2, 6, 2, 6]), ...pair(2, [2, 6, 2, 6]), ...shuffleWords([0, 1, 4, 5])];
  const products = (first: number) => [
    ...[...get(mantissas), ...get(mantissas), ...shuffleWords([first, first + 1, first, first + 1])],
    ...[...CONVERT_LOW, ...pair(first, [0, 1, 4, 5]), ...MULTIPLY_F64, ...DEMOTE],
  ];
  return {
    name: 'toNormal',
    parameters: [I32, I32, I32],
    results: [I32],
    locals: [
      [1, I32],
      [6, V128],
    ],
    body: [
      ...[...inBytes(at), ...inBytes(to), ...inBytes(count)],
      ...[BLOCK, NO_RESULT, LOOP, NO_RESULT],
      ...[...get(count), ...get(at), I32_SUBTRACT, ...i32(16), I32_LESS, BRANCH_IF, 1],
      ...[
        ...get(at),
        ...load(MEMORY.numbers),
        ...tee(four),
        ...i32(8),
        ...SHIFT_RIGHT_SIGN,
        ...set(mantissas),
      ],
      // A layer takes sixteen bytes.
      ...[...get(four), ...i32(255), ...I32_SPLAT, ...AND, ...i32(4), ...SHIFT_LEFT, ...set(four)],
      ...[0, 1, 2, 3].flatMap((number) => [
        ...[...get(four), ...extract(number), ...load(MEMORY.layers), ...set(layerOf(number))],
      ]),
      ...[...get(mantissas), ...ABSOLUTE, ...limits, ...LESS, ...ALL, I32_IS_ZERO, BRANCH_IF, 1],
      ...[
        ...get(to),
        ...products(0),
        ...products(2),
        ...shuffleWords([0, 1, 4, 5]),
        ...store(MEMORY.entries),
      ],
      ...[...get(at), ...i32(16), I32_ADD, ...set(at), ...get(to), ...i32(16), I32_ADD, ...set(to)],
      ...[BRANCH, 0, END, END],
      ...[BLOCK, NO_RESULT, LOOP, NO_RESULT],
      ...[...get(at), ...get(count), I32_NOT_LESS, BRANCH_IF, 1],
      ...[...get(at), I32_LOAD, 2, ...leb(MEMORY.numbers), ...set(bits)],
      // The absolute value: where the sign is -1, all bits change and 1 is added.
      ...[...mantissa, ...sign, I32_XOR, ...sign, I32_SUBTRACT],
      ...[...layer, I32_LOAD, 2, ...leb(MEMORY.layers + 8), I32_NOT_LESS, BRANCH_IF, 1],
      ...[...get(to), ...mantissa, F64_CONVERT, ...layer],
      ...[F64_LOAD, 3, ...leb(MEMORY.layers), F64_MULTIPLY, F32_DEMOTE, F32_STORE, 2, ...leb(MEMORY.entries)],
      ...[...get(at), ...i32(4), I32_ADD, ...set(at), ...get(to), ...i32(4), I32_ADD, ...set(to)],
      ...[BRANCH, 0, END, END, ...get(at), ...i32(2), I32_SHIFT_RIGHT],
    ],
  };
}

/** Bytes are compared sixteen at a time; a comparison is all ones or none, and so is each entry once it is spread over four bytes. */
function choose(): WasmFunction {
  const [count, threshold, chosen, at, to, ties, limit, value, bytes, below] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const quarter = (first: number) =>
    shuffle(Array.from({ length: 16 }, (_, index) => first + Math.floor(index / 4)));
  return {
    name: 'choose',
    parameters: [I32, I32, I32],
    results: [I32],
    locals: [
      [3, I32],
      [4, V128],
    ],
    body: [
      ...[...get(threshold), ...BYTE_SPLAT, ...set(limit), ...get(chosen), ...I32_SPLAT, ...set(value)],
      ...[LOOP, NO_RESULT],
      ...[...get(at), ...load(MEMORY.numbers), ...tee(bytes), ...get(limit), ...BYTE_LESS, ...set(below)],
      ...[0, 4, 8, 12].flatMap((first) => [
        ...[...get(to), ...get(below), ...get(below), ...quarter(first), ...get(value), ...AND],
        ...store(MEMORY.entries + 4 * first),
      ]),
      ...[...get(bytes), ...get(limit), ...BYTE_EQUAL, ...ANY, IF, NO_RESULT],
      ...[...get(ties), ...i32(2), I32_SHIFT, ...get(at), ...i32(4), I32_SHIFT_RIGHT],
      ...[I32_STORE, 2, ...leb(MEMORY.ties), ...get(ties), ...i32(1), I32_ADD, ...set(ties), END],
      ...[...get(to), ...i32(64), I32_ADD, ...set(to)],
      ...[...get(at), ...i32(16), I32_ADD, ...tee(at), ...get(count), ...i32(2), I32_SHIFT, I32_LESS],
      ...[BRANCH_IF, 0, END],
      ...get(ties),
    ],
  };
}

const I32 = 0x7f;
const V128 = 0x7b;

const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const NO_RESULT = 0x40;
const BRANCH = 0x0c;
const BRANCH_IF = 0x0d;
const END = 0x0b;
const I32_LOAD = 0x28;
const F64_LOAD = 0x2b;
const I32_LOAD_BYTE = 0x2d;
const I32_STORE = 0x36;
const F32_STORE = 0x38;
const F32_CONST = 0x43;
const I32_IS_ZERO = 0x45;
const I32_LESS = 0x49;
const I32_NOT_LESS = 0x4f;
const I32_ADD = 0x6a;
const I32_SUBTRACT = 0x6b;
const I32_AND = 0x71;
const I32_XOR = 0x73;
const I32_SHIFT = 0x74;
const I32_SHIFT_SIGN = 0x75;
const I32_SHIFT_RIGHT = 0x76;
const F64_MULTIPLY = 0xa2;
const F32_DEMOTE = 0xb6;
const F64_CONVERT = 0xb7;

const [BYTE_SPLAT, I32_SPLAT, F32_SPLAT] = [simd(0x0f), simd(0x11), simd(0x13)];
const [BYTE_EQUAL, BYTE_LESS] = [simd(0x23), simd(0x26)];
const [AND, OR, XOR, ANY] = [simd(0x4e), simd(0x50), simd(0x51), simd(0x53)];
const [SHIFT_LEFT, SHIFT_RIGHT, ADD] = [simd(0xab), simd(0xad), simd(0xae)];
const [SHIFT_RIGHT_SIGN, ABSOLUTE, LESS, ALL] = [simd(0xac), simd(0xa0), simd(0x39), simd(0xa3)];
const [MULTIPLY, CONVERT] = [simd(0xe6), simd(0xfa)];
/** Of float64: from the lower two integers, and to the lower two numbers. */
const [MULTIPLY_F64, CONVERT_LOW, DEMOTE] = [simd(0xf2), simd(0xfe), simd(0x5e)];

function simd(opcode: number): readonly number[] {
  return [0xfd, ...leb(opcode)];
}

/** Vectors are aligned to 16 bytes. */
function load(offset: number): readonly number[] {
  return [...simd(0x00), 4, ...leb(offset)];
}

function store(offset: number): readonly number[] {
  return [...simd(0x0b), 4, ...leb(offset)];
}

function extract(word: number): readonly number[] {
  return [...simd(0x1b), word];
}

function shuffle(bytes: readonly number[]): readonly number[] {
  return [...simd(0x0d), ...bytes];
}

function shuffleWords(words: readonly number[]): readonly number[] {
  return shuffle(words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte)));
}

function get(local: number): readonly number[] {
  return [0x20, local];
}

function set(local: number): readonly number[] {
  return [0x21, local];
}

function tee(local: number): readonly number[] {
  return [0x22, local];
}

/** A constant that is not negative, as signed LEB128: the highest bit of the last byte is its sign. */
function i32(value: number): readonly number[] {
  const bytes = leb(value);
  const isNegative = (bytes.at(-1)! & 0x40) !== 0;
  return [0x41, ...(isNegative ? [...bytes.slice(0, -1), bytes.at(-1)! | 0x80, 0x00] : bytes)];
}

function section(id: number, items: readonly (readonly number[])[]): readonly number[] {
  const content = list(items);
  return [id, ...leb(content.length), ...content];
}

function list(items: readonly (readonly number[])[]): readonly number[] {
  return [...leb(items.length), ...items.flat()];
}

function text(value: string): readonly number[] {
  const bytes = [...new TextEncoder().encode(value)];
  return [...leb(bytes.length), ...bytes];
}

/** Unsigned LEB128. */
function leb(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
