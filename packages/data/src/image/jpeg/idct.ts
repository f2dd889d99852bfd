/**
 * The inverse cosine transform of a block in integers, after Loeffler, Ligtenberg and Moschytz (1989), with the rounding
 * of libjpeg's `jidctint`, so that the samples are those of most other decoders.
 *
 * @param coefficients - 64 from `start` on, row-major
 * @param samples - receives 8 rows of 8 samples at `at`, `stride` apart
 */
export function inverseDct(
  coefficients: Int16Array,
  start: number,
  quantization: Uint16Array,
  samples: Uint8Array,
  at: number,
  stride: number,
): void {
  for (let i = 0; i < 64; i++) input[i] = coefficients[start + i]! * quantization[i]!;
  for (let column = 0; column < 8; column++) transform(column, 8, 11);
  for (let row = 0; row < 8; row++) {
    transform(8 * row, 1, 18);
    for (let column = 0; column < 8; column++) {
      const sample = input[8 * row + column]! + 128;
      samples[at + row * stride + column] = sample < 0 ? 0 : sample > 255 ? 255 : sample;
    }
  }
}

const input = new Int32Array(64);

/** Eight numbers in place, `step` apart, divided by 2^`shift`. The factors have 13 bits after the point. */
function transform(start: number, step: number, shift: number): void {
  const x = (index: number) => input[start + index * step]!;
  const half = 1 << (shift - 1);

  const e = (x(2) + x(6)) * 4433; // .541196100
  const e2 = e - x(6) * 15137; // 1.847759065
  const e3 = e + x(2) * 6270; // .765366865
  const e0 = (x(0) + x(4)) * 8192;
  const e1 = (x(0) - x(4)) * 8192;
  const even = [e0 + e3, e1 + e2, e1 - e2, e0 - e3] as const;

  const z5 = (x(7) + x(3) + x(5) + x(1)) * 9633; // 1.175875602
  const z1 = (x(7) + x(1)) * -7373; // .899976223
  const z2 = (x(5) + x(3)) * -20995; // 2.562915447
  const z3 = (x(7) + x(3)) * -16069 + z5; // 1.961570560
  const z4 = (x(5) + x(1)) * -3196 + z5; // .390180644
  const odd = [
    x(1) * 12299 + z1 + z4, // 1.501321110
    x(3) * 25172 + z2 + z3, // 3.072711026
    x(5) * 16819 + z2 + z4, // 2.053119869
    x(7) * 2446 + z1 + z3, // .298631336
  ] as const;

  for (let index = 0; index < 4; index++) {
    input[start + index * step] = (even[index]! + odd[index]! + half) >> shift;
    input[start + (7 - index) * step] = (even[index]! - odd[index]! + half) >> shift;
  }
}
