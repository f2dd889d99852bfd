import type { Generator } from './generator';

/**
 * A standard normal draw by the ziggurat method: 256 layers of equal area, so that 99 % of the draws cost one 32-bit
 * integer, one product and one comparison.
 * @see The ziggurat method for generating random variables (Marsaglia and Tsang, 2000)
 */
export function standardNormal(generator: Generator): number {
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
