/** Where 32-bit integers come from. */
export interface Source {
  int32(): number;
}

/** Uniform on the open interval (0, 1) in steps of 2^-32: safe under a logarithm, and fine enough for tails. */
export function openUniform(source: Source): number {
  return ((source.int32() >>> 0) + 0.5) * 2 ** -32;
}

/** Standard exponential. */
export function exponential(source: Source): number {
  return -Math.log(openUniform(source));
}

/**
 * A standard normal draw by the ziggurat method: 256 layers of equal area, so that 99 % of the draws cost one 32-bit
 * integer, one product and one comparison. The lower 8 bits are the layer, the upper 24 the place in it, signed: the layer does
 * not leak into the value (Doornik, 2005).
 * @see The ziggurat method for generating random variables (Marsaglia and Tsang, 2000)
 */
export function standardNormal(source: Source): number {
  const bits = source.int32();
  return isInLayer(bits) ? (bits >> 8) * WIDTH[bits & 255]! : besideLayer(bits, source);
}

/** Whether the draw lies where the whole height of its layer is below the density. */
function isInLayer(bits: number): boolean {
  return Math.abs(bits >> 8) < ACCEPT[bits & 255]!;
}

/** The draw that becomes of an integer where it does not: further integers decide. */
export function besideLayer(bits: number, source: Source): number {
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

/** By layer: what its 24 bits are multiplied by. */
export const WIDTH = new Float64Array(LAYERS);
/** By layer: below this size they are accepted at once. */
export const ACCEPT = new Int32Array(LAYERS);
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
