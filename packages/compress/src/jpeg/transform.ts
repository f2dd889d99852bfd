import { cos } from '../evaluator/functions';

/** An image of 8 bits: values from 0 to 255, `[height, width, channels]`, row-major. */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  /** Grey, or red, green and blue. */
  readonly channels: 1 | 3;
  readonly values: ArrayLike<number>;
}

/** The side of a block. */
export const SIDE = 8;
/** The numbers of a block. */
export const BLOCK = SIDE * SIDE;

/**
 * Luminance and two differences of colour, each from 0 to 255:
 *
 * $$\begin{aligned} Y &= 0.299 R + 0.587 G + 0.114 B \\ C_b &= 128 - 0.168736 R - 0.331264 G + 0.5 B \\
 *   C_r &= 128 + 0.5 R - 0.418688 G - 0.081312 B \end{aligned}$$
 *
 * @see JFIF 1.02, and DGM Eq. 8.2, which prints 0.48688 for 0.418688
 */
export function toYCbCr(r: number, g: number, b: number): readonly [number, number, number] {
  return [
    0.299 * r + 0.587 * g + 0.114 * b,
    128 - 0.168736 * r - 0.331264 * g + 0.5 * b,
    128 + 0.5 * r - 0.418688 * g - 0.081312 * b,
  ];
}

/** The inverse of {@link toYCbCr}. */
export function toRgb(y: number, cb: number, cr: number): readonly [number, number, number] {
  return [y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)];
}

/** The orthonormal basis $c_u \cos \frac{(2 x + 1) u \pi}{16}$, `[u, x]`. */
const BASIS = Float64Array.from({ length: BLOCK }, (_, index) => {
  const [u, x] = [index >> 3, index & 7];
  return (u === 0 ? Math.sqrt(1 / 8) : 0.5) * cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** The two-dimensional discrete cosine transform of a block: rows, then columns. */
export function dct(block: Float64Array): Float64Array {
  return separable(block, (u, x) => BASIS[u * SIDE + x]!);
}

/** The inverse of {@link dct}. */
export function inverseDct(coefficients: Float64Array): Float64Array {
  return separable(coefficients, (x, u) => BASIS[u * SIDE + x]!);
}

/** $A B A^\top$ for a block B and a matrix A. */
function separable(block: Float64Array, matrix: (row: number, column: number) => number): Float64Array {
  const half = new Float64Array(BLOCK);
  const whole = new Float64Array(BLOCK);
  for (let row = 0; row < SIDE; row++) {
    for (let out = 0; out < SIDE; out++) {
      let sum = 0;
      for (let at = 0; at < SIDE; at++) sum += block[row * SIDE + at]! * matrix(out, at);
      half[row * SIDE + out] = sum;
    }
  }
  for (let column = 0; column < SIDE; column++) {
    for (let out = 0; out < SIDE; out++) {
      let sum = 0;
      for (let at = 0; at < SIDE; at++) sum += half[at * SIDE + column]! * matrix(out, at);
      whole[out * SIDE + column] = sum;
    }
  }
  return whole;
}

/** Positions of a block in the order of coding: along its diagonals, from low frequencies to high ones. */
export const ZIG_ZAG: Uint8Array = Uint8Array.from(
  Array.from({ length: BLOCK }, (_, index) => index).sort((a, b) => {
    const [rowA, columnA, rowB, columnB] = [a >> 3, a & 7, b >> 3, b & 7];
    const diagonal = rowA + columnA;
    if (diagonal !== rowB + columnB) return diagonal - rowB - columnB;
    return diagonal % 2 === 0 ? rowB - rowA : rowA - rowB;
  }),
);

/** The steps of the standard at quality 50, row-major. Eyes see fine detail of brightness better than of colour. */
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMINANCE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/**
 * The steps that coefficients are divided by, row-major: those of the standard, finer or coarser by the rule of the Independent
 * JPEG Group.
 * @param quality - from 1 to 100
 * @see ITU-T T.81, Annex K.1
 */
export function quantizationSteps(kind: 'luminance' | 'chrominance', quality: number): Uint8Array {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  const steps = kind === 'luminance' ? LUMINANCE : CHROMINANCE;
  return Uint8Array.from(steps, (step) => Math.min(255, Math.max(1, Math.floor((step * scale + 50) / 100))));
}

/** Rounded to a value of 8 bits. */
export function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}
