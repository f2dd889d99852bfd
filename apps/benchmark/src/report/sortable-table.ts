import { decimal } from './format';
import { html, type Markup } from './html';

/** A column of a table, by what it shows of a row. */
export interface Column<Row> {
  readonly title: string;
  readonly unit?: string;
  readonly value: (row: Row) => number | string | null;
  readonly text?: (row: Row) => string;
}

/** A table whose columns sort, without those that no row has a value for. A row with an error says so at its end. */
export function sortableTable<Row extends { readonly error?: string | null }>(
  rows: readonly Row[],
  all: readonly Column<Row>[],
): Markup {
  const columns = all.filter(({ value }) => rows.some((row) => value(row) !== null));
  const textOf = ({ value, text }: Column<Row>, row: Row) => {
    const given = value(row);
    return text ? text(row) : typeof given === 'string' ? given : decimal(given, 2);
  };
  return tableOf(
    columns,
    rows.map(
      (row) =>
        html`<tr>
          ${columns.map(
            (column, index) =>
              html`<td data-value="${column.value(row) ?? ''}">
                ${textOf(column, row)}${index === 0 && row.error && html`<small>${row.error}</small>`}
              </td>`,
          )}
        </tr>`,
    ),
  );
}

/** Rows below headings by which the report's script sorts them. */
export function tableOf(
  headings: readonly { readonly title: string; readonly unit?: string }[],
  rows: readonly Markup[],
): Markup {
  return html`<div class="table">
    <table>
      <thead>
        <tr>
          ${headings.map(
            ({ title, unit }) =>
              html`<th scope="col">
                <button type="button">${title}${unit && html`<small>${unit}</small>`}</button>
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
