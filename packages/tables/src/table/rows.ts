import type { Key } from '@dgm/core';
import { cellOf, type TableCodec } from '../codec/table-codec';
import { seenRows, type SeenRows } from '../model/masks';
import type { NetworkLayout } from '../model/layout';

/** Values of some rows, and which of them are known. */
export class Rows {
  /**
   * @param values - of each column, `[count]`; what a value that is not known is does not matter
   * @param known - of each column, `[count]`, 1 for what is known
   */
  constructor(
    readonly codec: TableCodec,
    readonly values: readonly Float64Array[],
    readonly known: readonly Uint8Array[],
  ) {}

  static unknown(codec: TableCodec, count: number): Rows {
    const of = <T>(make: () => T) => Array.from({ length: codec.width }, make);
    return new Rows(
      codec,
      of(() => new Float64Array(count)),
      of(() => new Uint8Array(count)),
    );
  }

  static complete(codec: TableCodec, values: readonly Float64Array[]): Rows {
    return new Rows(
      codec,
      values,
      values.map(({ length }) => new Uint8Array(length).fill(1)),
    );
  }

  get count(): number {
    return this.values[0]!.length;
  }

  /** The rows from `first` to before `end`, which share their memory with these. */
  part(first: number, end: number): Rows {
    return new Rows(
      this.codec,
      this.values.map((column) => column.subarray(first, end)),
      this.known.map((column) => column.subarray(first, end)),
    );
  }

  /**
   * What a network sees of some rows, and of rows of hidden cells up to `room`. With as many rows in each call, what it
   * says of a row does not depend on how many others there are.
   * @param isSeen - whether a known cell is to be seen
   */
  seen(
    layout: NetworkLayout,
    rows: ArrayLike<number>,
    room: number,
    isSeen: (row: number, column: number) => boolean = () => true,
  ): SeenRows {
    return seenRows(
      layout,
      room,
      (index, column) => {
        const row = rows[index];
        return row === undefined || this.known[column]![row] === 0 || !isSeen(row, column);
      },
      (index, column) => {
        const [at, place] = cellOf(this.codec.columns[column]!, this.values[column]![rows[index]!]!);
        return [at, place];
      },
    );
  }
}

/** Two uniform numbers for a cell, which depend on nothing but the key, the row and the column. */
export function cellNoise(key: Key, row: number, column: number): readonly [u: number, v: number] {
  const generator = key.fold(row).fold(column).generator();
  return [generator.uniform(), generator.uniform()];
}
