import { hasByte, Lanes, LEAST_IN_LANES } from './lanes';
import type { State } from './lanes';
import { threefry } from './threefry';

/** Where 32-bit integers come from. */
interface Source {
  int32(): number;
}

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

  /** As many integers as there is room for: what `int32` gives in a row, several times as fast. */
  fillIntegers(values: Int32Array): void {
    const inLanes = this.#inLanes(values.length, (lanes, state) => lanes.integers(state, values));
    for (let index = inLanes; index < values.length; index++) values[index] = this.int32();
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
    for (let index = 0; index < values.length;) {
      // A draw takes an integer or more, so that none is made in vain.
      const integers = room.subarray(0, Math.min(room.length, values.length - index));
      this.fillIntegers(integers);
      const stretch = new Stretch(integers, this);
      for (let at = 0; at < integers.length;) {
        const bits = integers[at++]!;
        if (isInLayer(bits)) {
          values[index++] = (bits >> 8) * WIDTH[bits & 255]!;
          continue;
        }
        stretch.at = at;
        values[index++] = besideLayer(bits, stretch);
        at = stretch.at;
      }
    }
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
/** As many integers as stay close to the processor. */
const room = new Int32Array(4096);

/** Numbers that a generator has made in one go, and those that it makes after them. */
class Stretch implements Source {
  readonly #integers: Int32Array;
  readonly #after: Generator;
  at = 0;

  constructor(integers: Int32Array, after: Generator) {
    this.#integers = integers;
    this.#after = after;
  }

  int32(): number {
    return this.at < this.#integers.length ? this.#integers[this.at++]! : this.#after.int32();
  }
}

function openUniform(source: Source): number {
  return ((source.int32() >>> 0) + 0.5) * 2 ** -32;
}

function exponential(source: Source): number {
  return -Math.log(openUniform(source));
}

/**
 * A standard normal draw by the ziggurat method: 256 layers of equal area, so that 99 % of the draws cost one 32-bit
 * integer, one product and one comparison. The lower 8 bits are the layer, the upper 24 the place in it, signed: the layer does
 * not leak into the value (Doornik, 2005).
 * @see The ziggurat method for generating random variables (Marsaglia and Tsang, 2000)
 */
function standardNormal(source: Source): number {
  const bits = source.int32();
  return isInLayer(bits) ? (bits >> 8) * WIDTH[bits & 255]! : besideLayer(bits, source);
}

/** Whether the draw lies where the whole height of its layer is below the density. */
function isInLayer(bits: number): boolean {
  return Math.abs(bits >> 8) < ACCEPT[bits & 255]!;
}

/** The draw that becomes of an integer where it does not. */
function besideLayer(bits: number, source: Source): number {
  const [layer, mantissa] = [bits & 255, bits >> 8];
  if (layer === 0) return mantissa < 0 ? -tail(source) : tail(source);
  const x = mantissa * WIDTH[layer]!;
  const between = DENSITY[layer]! + openUniform(source) * (DENSITY[layer - 1]! - DENSITY[layer]!);
  return between < Math.exp(-0.5 * x * x) ? x : standardNormal(source);
}

/** A draw beyond `RIGHT` (Marsaglia, 1964). */
function tail(source: Source): number {
  for (;;) {
    const x = exponential(source) / RIGHT;
    if (2 * exponential(source) > x * x) return RIGHT + x;
  }
}

/** Where the tail begins, and the area of each of the 256 layers, for the density exp(-x^2 / 2). */
const RIGHT = 3.6541528853610088;
const AREA = 0.00492867323399;
const LAYERS = 256;
const SCALE = 2 ** 23;

const WIDTH = new Float64Array(LAYERS);
const ACCEPT = new Int32Array(LAYERS);
const DENSITY = new Float64Array(LAYERS);

// Layer 0 is the base strip with the tail; its virtual width makes its rectangle have the common area.
let edge = RIGHT;
const baseWidth = AREA / Math.exp(-0.5 * RIGHT * RIGHT);
WIDTH[0] = baseWidth / SCALE;
ACCEPT[0] = Math.floor((RIGHT / baseWidth) * SCALE);
DENSITY[0] = Math.exp(-0.5 * RIGHT * RIGHT);
for (let layer = 1; layer < LAYERS; layer++) {
  WIDTH[layer] = edge / SCALE;
  const top = Math.exp(-0.5 * edge * edge) + AREA / edge;
  const next = layer === LAYERS - 1 ? 0 : Math.sqrt(-2 * Math.log(top));
  ACCEPT[layer] = Math.floor((next / edge) * SCALE);
  DENSITY[layer] = layer === LAYERS - 1 ? 1 : Math.min(1, top);
  edge = next;
}
