import { ArgumentError, closest } from '@dgm/core';
import type { TextCells } from '../text/text-cells';

/** The cells of a column with the knowledge of which are missing. */
export class Column {
  /** By first byte: the most bytes of a mark that begins with it. Most cells are told by it, without a string. */
  readonly #longest = new Uint32Array(256);

  constructor(
    readonly cells: TextCells,
    readonly missing: ReadonlySet<string>,
  ) {
    for (const mark of missing) {
      const { length, 0: first = 0 } = ENCODER.encode(mark);
      this.#longest[first] = Math.max(this.#longest[first]!, length);
    }
  }

  isMissing(row: number): boolean {
    const start = this.cells.start(row);
    const length = this.cells.ends[row]! - start;
    if (length === 0) return this.missing.has('');
    return length <= this.#longest[this.cells.bytes[start]!]! && this.missing.has(this.cells.text(row));
  }

  /** The rows that are not missing. */
  present(): Int32Array {
    const rows = new Int32Array(this.cells.count);
    let count = 0;
    for (let row = 0; row < rows.length; row++) if (!this.isMissing(row)) rows[count++] = row;
    return rows.subarray(0, count);
  }
}

const ENCODER = new TextEncoder();

/** Checks that a table has a column. */
export function checkColumn(where: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const close = closest(name, names);
  throw new ArgumentError({
    where,
    argument: 'columns',
    expected: `to have a column "${name}"`,
    actual: names.slice(0, 20).join(', '),
    ...(close !== undefined && { remedy: `did you mean "${close}"` }),
  });
}
