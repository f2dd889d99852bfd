import { threefry } from './threefry';

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
    // Local variables stay in registers, fields do not.
    let [s0, s1, s2, s3] = [this.#s0 | 0, this.#s1 | 0, this.#s2 | 0, this.#s3 | 0];
    for (let index = 0; index < values.length; index++) {
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

  /**
   * Writes `chosen` for each byte of the numbers that `int32` would give that is below `threshold`, lowest first, else 0: four
   * entries to a number. Bytes that equal the threshold decide nothing yet: their numbers go to `ties`, and the last number
   * where not all of it is used, each after the place of its first byte.
   * @returns how many entries of `ties` are written
   */
  choose(entries: Int32Array, threshold: number, chosen: number, ties: Int32Array): number {
    const inEachByte = Math.imul(threshold, 0x01010101);
    let [s0, s1, s2, s3] = [this.#s0 | 0, this.#s1 | 0, this.#s2 | 0, this.#s3 | 0];
    let written = 0;
    const whole = entries.length & ~3;
    for (let index = 0; index < whole; index += 4) {
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
      // Whether a byte is 0 (Mycroft, 1987).
      const difference = bytes ^ inEachByte;
      if (((difference - 0x01010101) & ~difference & 0x80808080) !== 0) {
        ties[written++] = index;
        ties[written++] = bytes;
      }
    }
    [this.#s0, this.#s1, this.#s2, this.#s3] = [s0, s1, s2, s3];
    if (whole === entries.length) return written;
    const bytes = this.int32();
    for (let index = whole; index < entries.length; index++) {
      entries[index] = ((((bytes >>> (8 * (index - whole))) & 255) - threshold) >> 31) & chosen;
    }
    ties[written++] = whole;
    ties[written++] = bytes;
    return written;
  }

  /** Uniform on [0, 1) in steps of 2^-24, so that it is exact in float32 and never rounds up to 1. */
  uniform(): number {
    return (this.int32() >>> 8) * 2 ** -24;
  }

  /** Uniform on the open interval (0, 1) in steps of 2^-32: safe under a logarithm, and fine enough for tails. */
  openUniform(): number {
    return ((this.int32() >>> 0) + 0.5) * 2 ** -32;
  }

  normal(): number {
    return standardNormal(this);
  }

  exponential(): number {
    return -Math.log(this.openUniform());
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
}

/** Keeps stream seeds apart from the counters that `Key` derives its children with. */
const STREAM = 0x53545245;

/**
 * A standard normal draw by the ziggurat method: 256 layers of equal area, so that 99 % of the draws cost one 32-bit
 * integer, one product and one comparison.
 * @see The ziggurat method for generating random variables (Marsaglia and Tsang, 2000)
 */
function standardNormal(generator: Generator): number {
  for (;;) {
    const bits = generator.int32();
    const layer = bits & 255;
    // The upper 24 bits, signed: the layer index does not leak into the value (Doornik, 2005).
    const mantissa = bits >> 8;
    const x = mantissa * WIDTH[layer]!;
    if (Math.abs(mantissa) < ACCEPT[layer]!) return x;
    if (layer === 0) return mantissa < 0 ? -tail(generator) : tail(generator);
    const between = DENSITY[layer]! + generator.openUniform() * (DENSITY[layer - 1]! - DENSITY[layer]!);
    if (between < Math.exp(-0.5 * x * x)) return x;
  }
}

/** A draw beyond `RIGHT` (Marsaglia, 1964). */
function tail(generator: Generator): number {
  for (;;) {
    const x = generator.exponential() / RIGHT;
    if (2 * generator.exponential() > x * x) return RIGHT + x;
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
