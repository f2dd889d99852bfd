import { measureBijector, type BijectorTable } from '@dgm/testing';

/** How far out the points of a table lie, as the documentation says it. */
function rangeOf(the: ReturnType<BijectorTable[string]>): string {
  const numbers = (JSON.stringify(the.latent).match(/-?[\d.]+(e[+-]?\d+)?/g) ?? []).map(Number);
  return `[${Math.min(...numbers)}, ${Math.max(...numbers)}]`;
}

/** One digit, rounded up to a power of ten: what stays the same on every machine. */
function order(error: number): string {
  if (Number.isNaN(error)) return '';
  return error === 0 ? '0' : `< 1e${Math.ceil(Math.log10(error))}`;
}

/** The table of errors as Markdown: one row for each case. */
export function errorTable(table: BijectorTable): string {
  const rows = Object.entries(table).map(([name, make]) => {
    const the = make();
    const { latentRoundTrip, dataRoundTrip, antisymmetry, jacobian } = measureBijector(the);
    const errors = [latentRoundTrip, dataRoundTrip, antisymmetry, jacobian].map(order);
    return [name, rangeOf(the), ...errors];
  });
  const header = [
    'layer',
    'latents in',
    'z, there and back',
    'y, there and back',
    'log-dets, both ways',
    'against the Jacobian',
  ];
  const widths = header.map((title, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]!.length), title.length),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
