import { DgmError, Key } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { parseTextTable } from './read-text-table';
import { sampleTextTable, streamTextTable } from './stream-text-table';
import type { TextTable } from './text-table';

const encoder = new TextEncoder();

/** A source that gives a text in pieces of some bytes. */
function inPieces(text: string, step: number) {
  const bytes = encoder.encode(text);
  return {
    name: 'pieces.csv',
    stream: () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += step) controller.enqueue(bytes.slice(at, at + step));
          controller.close();
        },
      }),
  };
}

async function tablesOf(text: string, step: number, rows: number): Promise<readonly TextTable[]> {
  const tables: TextTable[] = [];
  for await (const table of streamTextTable(inPieces(text, step), { rows })) tables.push(table);
  return tables;
}

const ofWindows = '\uFEFFa,b\r\n"x,""y\r\nz",1\r\n"",é\r\n' + 'q,2\r\n'.repeat(5000);

describe('streamTextTable', () => {
  it.each([
    ['line ends of Windows, quotes and a byte order mark', ofWindows],
    ['no line end after the last row', `a,b\n${'1,x\n'.repeat(5000)}2,y`],
    ['several line ends after the last row', `a,b\n${'1,x\n'.repeat(6000)}\n\n`],
    ['one column with empty cells', `a\n1\n${'\n2'.repeat(9000)}\n\n`],
  ])('gives tables that are the text again, with %s', async (_what, text) => {
    for (const [step, rows] of [
      [997, 300],
      [24_000, 6000],
      [2 ** 20, 1],
    ] as const) {
      const tables = await tablesOf(text, step, rows);
      const pieces = tables.map((table, at) => (at === 0 ? table : table.body()).toString());
      expect(pieces.join('')).toBe(text);
      const most = Math.max(...tables.map(({ count }) => count));
      // The separator is found in the first 16 kB.
      expect(most).toBeLessThan(rows + Math.max(step, 2 ** 14));
      expect(tables[0]!.columns.map(({ name }) => name)).toEqual(
        parseTextTable(text).columns.map(({ name }) => name),
      );
    }
  });

  it('gives one table of a text without rows', async () => {
    const tables = await tablesOf('a,b\n', 1, 1);
    expect(tables.map((table) => [table.count, table.toString()])).toEqual([[0, 'a,b\n']]);
  });

  it('counts the rows of all tables in errors, and refuses options that are none', async () => {
    const text = `a,b\n${'1,2\n'.repeat(9000)}3\n`;
    await expect(tablesOf(text, 1000, 100)).rejects.toThrow(/pieces\.csv, row 9002 to have 2 cells/);
    await expect(tablesOf('a\n1\n', 9, 0)).rejects.toThrow(/rows to be an integer/);
    const misspelt = streamTextTable(inPieces('a\n', 9), { row: 1 } as object);
    await expect(misspelt.next()).rejects.toThrow(/did you mean "rows"/);
  });
});

describe('sampleTextTable', () => {
  const text = `row,half\n${Array.from({ length: 200_000 }, (_, row) => `${row},${row >> 1}`).join('\n')}\n`;
  const source = () => inPieces(text, 2 ** 16);
  const rowsOf = (table: TextTable) =>
    Array.from({ length: table.count }, (_, row) => Number(table.column('row').text(row)));

  it('gives a text of no more rows byte by byte', async () => {
    const { table, count } = await sampleTextTable(inPieces(ofWindows, 999), {
      rows: 5002,
      key: Key.of(0),
    });
    expect([count, table.toString() === ofWindows]).toEqual([5002, true]);
  });

  it('draws rows without replacement, in their order, all equally likely', async () => {
    const { table, count } = await sampleTextTable(source(), { rows: 8000, key: Key.of(1) });
    const rows = rowsOf(table);
    expect([count, rows.length, new Set(rows).size]).toEqual([200_000, 8000, 8000]);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(rows.every((row, at) => table.column('half').text(at) === String(row >> 1))).toBe(true);
    // Tenths of the text have 800 rows each, with a standard deviation of 26.
    for (let tenth = 0; tenth < 10; tenth++) {
      const own = rows.filter((row) => Math.floor(row / 20_000) === tenth).length;
      expect(Math.abs(own - 800)).toBeLessThan(110);
    }
  });

  it('draws the same rows however the text comes, and others by another key', async () => {
    const draw = async (step: number, seed: number) =>
      rowsOf((await sampleTextTable(inPieces(text, step), { rows: 50, key: Key.of(seed) })).table);
    const drawn = await draw(2 ** 16, 2);
    expect(drawn).toHaveLength(50);
    expect(await draw(2 ** 22, 2)).toEqual(drawn);
    expect(await draw(2 ** 16, 3)).not.toEqual(drawn);
  });

  it('finds a fault in rows that are not drawn, and refuses arguments that are none', async () => {
    const faulty = inPieces(`${text}1,2,3\n`, 2 ** 16);
    await expect(sampleTextTable(faulty, { rows: 3, key: Key.of(0) })).rejects.toThrow(/row 200002/);
    const isError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));
    for (const options of [{ rows: 0, key: Key.of(0) }, { rows: 3 }, { rows: 3, key: Key.of(0), row: 3 }]) {
      await expect(sampleTextTable(source(), options as never)).rejects.toThrow(isError);
    }
  });
});
