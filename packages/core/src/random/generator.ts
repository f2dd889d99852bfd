import { hasByte, Lanes, LEAST_IN_LANES } from './lanes';
import type { State } from './lanes';
import { threefry } from './threefry';
import { exponential, openUniform, standardNormal } from './ziggurat';

/**
 * A stream of random numbers on the host: xoshiro128++ (Blackman and Vigna, 2019), 2^128 - 1 numbers long.
 *
 * A generator is mutable, so it stays inside the function that made it; what travels is a `Key`.
 */
export class Generator {
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;

  /** Starts the stream of a 64-bit key; the key is mixed, so that near keys give unrelated streams. */
  constructor(key0: number, key1: number) {
    [this.#s0, this.#s1] = threefry(key0, key1, 0, STREAM);
    [this.#s2, this.#s3] = threefry(key0, key1, 1, STREAM);
  }

  /** A signed 32-bit integer, uniform over all of them. */
  int32(): number {
    const sum = (this.#s0 + this.#s3) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.#s0) | 0;
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result;
  }

  /** As many uniform numbers as there is room for: what `uniform` gives in a row, several times as fast. */
  fillUniform(values: Float32Array): void {
    const inLanes = this.#inLanes(values.length, (lanes, state) => lanes.uniforms(state, values));
    // Local variables stay in registers, fields do not.
    let [s0, s1, s2, s3] = [this.#s0 | 0, this.#s1 | 0, this.#s2 | 0, this.#s3 | 0];
    for (let index = inLanes; index < values.length; index++) {
      const sum = (s0 + s3) | 0;
      const integer = (((sum << 7) | (sum >>> 25)) + s0) | 0;
      values[index] = (integer >>> 8) * 2 ** -24;
      const shifted = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= shifted;
      s3 = (s3 << 11) | (s3 >>> 21);
    }
    [this.#s0, this.#s1, this.#s2, this.#s3] = [s0, s1, s2, s3];
  }

  /** As many standard normal numbers as there is room for: what `normal` gives in a row, several times as fast. */
  fillNormal(values: Float32Array): void {
    const inLanes = this.#inLanes(values.length, (lanes, state) => lanes.normals(state, values));
    for (let index = inLanes; index < values.length; index++) values[index] = this.normal();
  }

  /**
   * Writes `chosen` for each byte of the numbers that `int32` would give that is below `threshold`, lowest first, else 0: four
   * entries to a number. Bytes that equal the threshold decide nothing yet: their numbers go to `ties`, and the last number
   * where not all of it is used, each after the place of its first byte.
   * @returns how many entries of `ties` are written
   */
  choose(entries: Int32Array, threshold: number, chosen: number, ties: Int32Array): number {
    let written = 0;
    const onTie = (place: number, integer: number) => {
      ties[written++] = place;
      ties[written++] = integer;
    };
    // A threshold of 256 is more than a byte.
    const inLanes =
      threshold > 255
        ? 0
        : this.#inLanes(entries.length >> 2, (lanes, state) =>
            lanes.choose(state, entries, { threshold, chosen }, onTie),
          );
    let [s0, s1, s2, s3] = [this.#s0 | 0, this.#s1 | 0, this.#s2 | 0, this.#s3 | 0];
    const whole = entries.length & ~3;
    for (let index = inLanes; index < whole; index += 4) {
      const sum = (s0 + s3) | 0;
      const bytes = (((sum << 7) | (sum >>> 25)) + s0) | 0;
      const shifted = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= shifted;
      s3 = (s3 << 11) | (s3 >>> 21);
      // No branch depends on what is drawn.
      entries[index] = (((bytes & 255) - threshold) >> 31) & chosen;
      entries[index + 1] = ((((bytes >>> 8) & 255) - threshold) >> 31) & chosen;
      entries[index + 2] = ((((bytes >>> 16) & 255) - threshold) >> 31) & chosen;
      entries[index + 3] = (((bytes >>> 24) - threshold) >> 31) & chosen;
      if (hasByte(bytes, threshold)) onTie(index, bytes);
    }
    [this.#s0, this.#s1, this.#s2, this.#s3] = [s0, s1, s2, s3];
    if (whole === entries.length) return written;
    const bytes = this.int32();
    for (let index = whole; index < entries.length; index++) {
      entries[index] = ((((bytes >>> (8 * (index - whole))) & 255) - threshold) >> 31) & chosen;
    }
    onTie(whole, bytes);
    return written;
  }

  /** Uniform on [0, 1) in steps of 2^-24, so that it is exact in float32 and never rounds up to 1. */
  uniform(): number {
    return (this.int32() >>> 8) * 2 ** -24;
  }

  /** Uniform on the open interval (0, 1) in steps of 2^-32: safe under a logarithm, and fine enough for tails. */
  openUniform(): number {
    return openUniform(this);
  }

  normal(): number {
    return standardNormal(this);
  }

  exponential(): number {
    return exponential(this);
  }

  /** Standard logistic: the log-odds of a uniform. */
  logistic(): number {
    const u = this.openUniform();
    return Math.log(u / (1 - u));
  }

  /** Standard Gumbel. */
  gumbel(): number {
    return -Math.log(-Math.log(this.openUniform()));
  }

  /** Uniform on the integers 0 to `bound` - 1, without bias (Lemire, 2019, in doubles). */
  below(bound: number): number {
    // A double holds the product below only up to here.
    if (bound > 2 ** 21) return this.#belowLarge(bound);
    const threshold = 2 ** 32 % bound;
    for (;;) {
      const product = (this.int32() >>> 0) * bound;
      if (product % 2 ** 32 >= threshold) return Math.floor(product / 2 ** 32);
    }
  }

  /** Uniform on the integers below a bound of up to 2^53: the remainder of 53 random bits, the last partial range rejected. */
  #belowLarge(bound: number): number {
    const end = 2 ** 53 - (2 ** 53 % bound);
    for (;;) {
      const bits = (this.int32() >>> 5) * 2 ** 26 + (this.int32() >>> 6);
      if (bits < end) return bits % bound;
    }
  }

  /** Lets the lanes fill what they can of what takes so many numbers, if there are any; returns how much that is. */
  #inLanes(count: number, fill: (lanes: Lanes, state: State) => number): number {
    if (count < LEAST_IN_LANES) return 0;
    if (lanes === undefined) lanes = Lanes.create() ?? null;
    if (lanes === null) return 0;
    const state = Int32Array.of(this.#s0, this.#s1, this.#s2, this.#s3);
    const filled = fill(lanes, state);
    [this.#s0, this.#s1, this.#s2, this.#s3] = state as unknown as [number, number, number, number];
    return filled;
  }
}

/** Keeps stream seeds apart from the counters that `Key` derives its children with. */
const STREAM = 0x53545245;

/** Made when the first long array is filled; null where there are none. */
let lanes: Lanes | null | undefined;
