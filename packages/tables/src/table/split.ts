/** The rows of a table by what they are used for. */
export interface RowSplit {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/**
 * Splits rows by a hash of their number, $(2654435761\, i \bmod 2^{32}) \bmod 10$: 0 for test, 1 for validation, the rest for
 * training. So a row stays in its part when others are added, and a sorted file is not cut into low and high values.
 */
export function splitRows(count: number): RowSplit {
  const parts: [number[], number[], number[]] = [[], [], []];
  for (let row = 0; row < count; row++) {
    const digit = Number((BigInt(row) * 2654435761n) % 4294967296n) % 10;
    parts[Math.min(digit, 2)]!.push(row);
  }
  const [test, validation, train] = parts.map((part) => Int32Array.from(part)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  return { train, validation, test };
}
