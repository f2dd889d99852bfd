import { ArgumentError, closest } from '@dgm/core';
import type { TextCells } from '../text/text-cells';

/** The cells of a column with the knowledge of which are missing. */
export class Column {
  constructor(
    readonly cells: TextCells,
    readonly missing: ReadonlySet<string>,
  ) {}

  isMissing(row: number): boolean {
    const length = this.cells.ends[row]! - this.cells.start(row);
    if (length === 0) return this.missing.has('');
    return length <= LONGEST_MARK && this.missing.has(this.cells.text(row));
  }

  /** The rows that are not missing. */
  present(): Int32Array {
    const rows = new Int32Array(this.cells.count);
    let count = 0;
    for (let row = 0; row < rows.length; row++) if (!this.isMissing(row)) rows[count++] = row;
    return rows.subarray(0, count);
  }
}

const LONGEST_MARK = 32;

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
