import {
  assembleLanes,
  HALF_BYTES,
  jumpOver,
  LANES,
  MEMORY,
  MOST_NUMBERS,
  PART_LENGTHS,
} from './assemble-lanes';
import type { LaneFunctions } from './assemble-lanes';
import { ACCEPT, besideLayer, WIDTH } from './ziggurat';
import type { Source } from './ziggurat';

interface LaneExports extends LaneFunctions {
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** The part of WebAssembly that is used; its types are those of browsers. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: LaneExports };
}

/** Fewer numbers are not made in lanes. */
export const LEAST_IN_LANES = LANES * Math.min(...PART_LENGTHS);

/** The four words of xoshiro128++. */
export type State = Int32Array;

/**
 * Long stretches of a stream of xoshiro128++, made in lanes: a stretch is cut into eight parts of one length, whose starting states
 * are known before any number is made, and one vector instruction takes a step in four of them. The numbers are those of the
 * stream, in its order.
 *
 * A step is linear over bits, so a jump over the length of a part is a matrix of 128 x 128 bits, whose products with each half byte
 * of a state are looked up.
 * @see Scrambled linear pseudorandom number generators (Blackman and Vigna, 2021), section 8 on jumps
 */
export class Lanes {
  readonly #functions: LaneFunctions;
  readonly #states: Int32Array;
  readonly #numbers: Int32Array;
  readonly #uniforms: Float32Array;
  readonly #normals: Float32Array;
  readonly #entries: Int32Array;
  readonly #ties: Int32Array;

  private constructor(exports: LaneExports) {
    const { buffer } = exports.memory;
    this.#functions = exports;
    this.#states = new Int32Array(buffer, MEMORY.states, 4 * (LANES + 1));
    this.#numbers = new Int32Array(buffer, MEMORY.numbers, MOST_NUMBERS);
    this.#uniforms = new Float32Array(buffer, MEMORY.numbers, MOST_NUMBERS);
    this.#normals = new Float32Array(buffer, MEMORY.entries, MOST_NUMBERS);
    this.#entries = new Int32Array(buffer, MEMORY.entries, 4 * MOST_NUMBERS);
    this.#ties = new Int32Array(buffer, MEMORY.ties, MOST_NUMBERS / 4);
    const [widths, limits] = [new Float64Array(buffer, MEMORY.layers), new Int32Array(buffer, MEMORY.layers)];
    WIDTH.forEach((width, layer) => {
      widths[2 * layer] = width;
      limits[4 * layer + 2] = ACCEPT[layer]!;
    });
    for (const length of PART_LENGTHS) {
      fillJump(new Int32Array(buffer, jumpOver(length), HALF_BYTES * 16 * 4), length);
    }
  }

  /** Nothing where WebAssembly has no vectors, or is forbidden. */
  static create(): Lanes | undefined {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WebAssemblyApi };
    try {
      return (
        WebAssembly && new Lanes(new WebAssembly.Instance(new WebAssembly.Module(assembleLanes())).exports)
      );
    } catch {
      return undefined;
    }
  }

  /**
   * Fills the beginning of an array with uniform numbers on [0, 1) in steps of 2^-24, as far as whole stretches go.
   * @param state - of the stream; becomes the one after the integers that these numbers take
   * @returns how many numbers are filled
   */
  uniforms(state: State, values: Float32Array): number {
    let filled = 0;
    for (let made; (made = this.#make(state, values.length - filled)) > 0; filled += made) {
      this.#functions.toUniform(made);
      values.set(this.#uniforms.subarray(0, made), filled);
    }
    return filled;
  }

  /** The same with standard normal numbers. A number takes an integer or more, so that none is made in vain. */
  normals(state: State, values: Float32Array): number {
    let filled = 0;
    for (let made; (made = this.#make(state, values.length - filled)) > 0;) {
      const integers = new Stretch(this.#numbers.subarray(0, made), state);
      let drawn = 0;
      while (integers.at < made) {
        const beside = this.#functions.toNormal(integers.at, drawn, made);
        drawn += beside - integers.at;
        integers.at = beside;
        if (beside < made) this.#normals[drawn++] = besideLayer(integers.int32(), integers);
      }
      values.set(this.#normals.subarray(0, drawn), filled);
      filled += drawn;
    }
    return filled;
  }

  /**
   * The same with `chosen` for each byte of the integers that is below `threshold`, lowest first, else 0.
   * @param onTie - called with each integer that has a byte equal to the threshold, after the place of its first byte
   */
  choose(
    state: State,
    entries: Int32Array,
    { threshold, chosen }: { readonly threshold: number; readonly chosen: number },
    onTie: (place: number, integer: number) => void,
  ): number {
    let filled = 0;
    for (let made; (made = this.#make(state, (entries.length - filled) >> 2)) > 0; filled += 4 * made) {
      const groups = this.#functions.choose(made, threshold, chosen);
      entries.set(this.#entries.subarray(0, 4 * made), filled);
      for (let group = 0; group < groups; group++) {
        const first = 4 * this.#ties[group]!;
        for (let index = first; index < first + 4; index++) {
          const integer = this.#numbers[index]!;
          if (hasByte(integer, threshold)) onTie(filled + 4 * index, integer);
        }
      }
    }
    return filled;
  }

  /** Makes the longest stretch that is not longer than `most`; returns its length, 0 where none is so short. */
  #make(state: State, most: number): number {
    const length = PART_LENGTHS.find((length) => LANES * length <= most);
    if (length === undefined) return 0;
    this.#states.set(state);
    this.#functions.make(length, jumpOver(length));
    state.set(this.#states.subarray(4 * LANES));
    return LANES * length;
  }
}

/** Integers that were made in one go, and those that the stream gives after them. */
class Stretch implements Source {
  readonly #integers: Int32Array;
  readonly #state: State;
  at = 0;

  constructor(integers: Int32Array, state: State) {
    this.#integers = integers;
    this.#state = state;
  }

  int32(): number {
    return this.at < this.#integers.length ? this.#integers[this.at++]! : stepAhead(this.#state);
  }
}

/** Whether a byte of an integer has a value: whether one of the difference is 0 (Mycroft, 1987). */
export function hasByte(integer: number, byte: number): boolean {
  const difference = integer ^ Math.imul(byte, 0x01010101);
  return ((difference - 0x01010101) & ~difference & 0x80808080) !== 0;
}

/** Writes what each value of each half byte of a state becomes in so many steps. */
function fillJump(jump: Int32Array, steps: number): void {
  for (let bit = 0; bit < 4 * HALF_BYTES; bit++) {
    const state = new Int32Array(4);
    state[bit >> 5] = 1 << (bit & 31);
    for (let step = 0; step < steps; step++) stepAhead(state);
    for (let value = 0; value < 16; value++) {
      if (((value >> (bit & 3)) & 1) === 0) continue;
      for (let word = 0; word < 4; word++) jump[((bit >> 2) * 16 + value) * 4 + word]! ^= state[word]!;
    }
  }
}

/** Takes a step, and returns what it gives. */
function stepAhead(state: State): number {
  const sum = (state[0]! + state[3]!) | 0;
  const result = (((sum << 7) | (sum >>> 25)) + state[0]!) | 0;
  const shifted = state[1]! << 9;
  state[2]! ^= state[0]!;
  state[3]! ^= state[1]!;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= shifted;
  state[3] = (state[3]! << 11) | (state[3]! >>> 21);
  return result;
}
