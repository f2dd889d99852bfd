import { DgmError, Key, readSafetensors, sha256, writeSafetensors } from '@dgm/core';
import { inferSchema, parseTextTable, readCells } from '@dgm/data';
import type { TextTable } from '@dgm/data';
import { AnyOrderNetwork, TableCodec, tableModel } from '@dgm/tables';
import type { TableModel } from '@dgm/tables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContainer, writeContainer } from '../files/container';
import { readTableCodec, tableFileCodec } from './table-codec';
import type { TableFileCodec } from './table-codec';

/** 120 rows of each kind of column, with gaps. */
function someRows(): string {
  const random = Key.of(7).generator();
  const lines = ['price,length,kind,day,sold,name,shop'];
  for (let row = 0; row < 120; row++) {
    const kind = random.below(3);
    const price = random.uniform() < 0.2 ? 500 : 100 + Math.floor(3000 * random.uniform() ** 4);
    const length = random.uniform() < 0.15 ? '' : (20 + 10 * kind + 2 * random.normal()).toFixed(1);
    const day = `2024-0${1 + random.below(9)}-1${random.below(10)}`;
    const name = kind === 2 && random.uniform() < 0.3 ? '' : ['oak', 'elm', 'ash'][kind]!;
    lines.push(`${price},${length},${name},${day},${random.uniform() < 0.7 ? 'yes' : 'no'},N${row}X,main`);
  }
  return `${lines.join('\n')}\n`;
}

const text = someRows();
const table = parseTextTable(text);
let model: TableModel;
let codec: TableFileCodec;

beforeAll(() => {
  const schema = inferSchema(table);
  const options = { maxBins: 12, minCount: 4, maxLevels: 2, protect: 1 };
  const columns = TableCodec.of(schema, readCells(table, schema), options);
  const key = Key.of(1);
  const network = new AnyOrderNetwork(columns, { hidden: 8, blocks: 1, features: 4, key });
  // Heads start near zero: other weights make every part of the likelihood matter.
  for (const [path, variable] of network.parameters()) {
    if (!path.endsWith('kernel') || !path.includes('s/')) continue;
    const larger = key.fold(path).normal(variable.shape);
    variable.assign(larger);
    larger.dispose();
  }
  model = tableModel(network);
  codec = tableFileCodec(model, { rows: 16 });
});
afterAll(() => model.dispose());

const failure = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (DgmError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
};

const parsed = (rows: string): TextTable => parseTextTable(rows, { header: true });
const withRows = (...rows: string[]): string => `${text.slice(0, text.indexOf('\n'))}\n${rows.join('\n')}\n`;

describe('tableFileCodec', () => {
  it('takes the bits of the likelihood, and gives back the same bytes elsewhere', async () => {
    const done: number[] = [];
    const file = codec.encode(table, { onProgress: (rows, all) => done.push(rows / all) });
    expect([done.length, done.at(-1)]).toEqual([8, 1]);
    const elsewhere = readTableCodec(codec.toBytes());
    expect(elsewhere.modelHash).toEqual(sha256(codec.toBytes()));
    expect(elsewhere.decode(file).toString()).toBe(text);
    // Without the ids, which no model describes.
    const plain = parseTextTable(text.replaceAll(/,N\d+X,/g, ',,'));
    const { rows } = await model.score(plain);
    const bits = rows.reduce((sum, nats) => sum - nats, 0) / Math.LN2;
    const measured = 8 * codec.encode(plain).length;
    // A header of 20 bytes, and what flags of cells learn.
    expect(measured).toBeGreaterThan(0.99 * bits);
    expect(measured).toBeLessThan(1.01 * bits + 8 * 40);
  });

  it.each<[string, string]>([
    ['no rows', withRows()],
    ['one row, without a line end', withRows('500,20.0,oak,2024-01-10,yes,N1X,main').slice(0, -1)],
    [
      'numbers outside of the range',
      withRows('-1,1e3,oak,1999-01-01,no,,main', '9007199254740991,-7,oak,9999-12-31,no,,main'),
    ],
    [
      'numbers that are spelt otherwise',
      withRows('+5,020.0,oak,2024-01-10,no,,main', ' 5,.5,oak,2024-1-1,no,,main', '1e999,-0,,,,,'),
    ],
    ['numbers that are none', withRows('a lot,long,oak,yesterday,maybe,,main')],
    [
      'levels that the model does not know, or the table',
      withRows('500,20.0,ash,2024-01-10,no,,main', '500,20.0,fir,2024-01-10,NO,,main'),
    ],
    [
      'texts of any kind',
      withRows('500,20.0,"a,b",2024-01-10,no,"say ""hi""\nand go",\ufeffpiñata 🪅', '1,1,1,1,1,1,1'),
    ],
    ['quotes that need not be', withRows('"500",20.0,"oak",2024-01-10,"",x"y,"main"')],
    [
      'another dialect',
      `\ufeff${withRows('500;20.0;oak;2024-01-10;yes;N1X;main').replaceAll(',', ';').replaceAll('\n', '\r\n')}\r\n`,
    ],
    ['names in quotes', withRows('500,20.0,oak,2024-01-10,yes,N1X,main').replace('price', '"price"')],
  ])('gives back %s', (_what, rows) => {
    expect(codec.decode(codec.encode(parsed(rows))).toString()).toBe(rows);
  });

  it('decodes by itself with the model inside', () => {
    const file = codec.encode(table, { includeModel: true });
    const { weights } = readContainer(file);
    expect(readTableCodec(weights!).decode(file).toString()).toBe(text);
  });

  it('refuses other columns, other models, and options that are none', () => {
    expect(failure(() => codec.encode(parsed('price,length\n1,2\n')))).toMatch(
      /^argument.*"price","length"/s,
    );
    expect(failure(() => codec.encode(text as never))).toMatch(/^argument.*TextTable/s);
    expect(failure(() => codec.encode(table, { model: true } as never))).toMatch(/^argument/);
    expect(failure(() => tableFileCodec(model, { row: 1 } as never))).toMatch(/did you mean "rows"/);
    const other = tableFileCodec(model, { rows: 8 });
    expect(failure(() => other.decode(codec.encode(table)))).toMatch(/another model/);
    const wrong = { ...model.codec, schema: { ...model.codec.schema, columns: [] } };
    expect(failure(() => tableFileCodec({ network: model.network, codec: wrong } as never))).toMatch(
      /^unsupported/,
    );
  });

  it('refuses files that hold more than they may, or than they state', () => {
    const file = codec.encode(table);
    expect(failure(() => codec.decode(file, { maxCells: 100 }))).toMatch(/at most 100 cells, got 840/);
    expect(failure(() => codec.decode(file, { maxTextBytes: 100 }))).toMatch(/at most 100 bytes of text/);
    const container = readContainer(file);
    for (let at = 0; at < 30; at++) {
      const message = container.message.slice(0, at % 3 === 0 ? 8 * at : undefined);
      if (at % 3 !== 0) message[(29 * at) % message.length]! ^= 1 << (at % 8);
      const count = at % 3 === 2 ? 1e4 : container.count;
      const outcome = failure(() =>
        codec.decode(writeContainer({ ...container, count, message }), { maxCells: 1e6 }),
      );
      expect(outcome).toMatch(/^(none|serialization)/);
    }
  });

  it.each<[string, (settings: Record<string, unknown>) => unknown]>([
    ['no schema', ({ schema: _, ...rest }) => rest],
    ['no columns', (settings) => ({ ...settings, columns: [] })],
    [
      'columns in another order',
      (settings) => ({ ...settings, columns: [...(settings['columns'] as object[])].reverse() }),
    ],
    ['more rows', (settings) => ({ ...settings, rows: 17 })],
    ['more components', (settings) => ({ ...settings, components: 5 })],
    ['fewer indices', (settings) => ({ ...settings, indices: { number: 2, category: 2 } })],
    ['no indices', ({ indices: _, ...rest }) => rest],
    [
      'bins out of order',
      ({ columns, ...rest }) => ({
        ...rest,
        columns: (columns as object[]).map((column) => ({ ...column, starts: [3, 1] })),
      }),
    ],
    [
      'levels that there are not',
      ({ columns, ...rest }) => ({
        ...rest,
        columns: (columns as object[]).map((column) => ({ ...column, kept: [99] })),
      }),
    ],
  ])("refuses a model's file with %s", (_what, change) => {
    const { tensors, metadata } = readSafetensors(codec.toBytes());
    const settings = JSON.stringify(change(JSON.parse(metadata['settings']!) as Record<string, unknown>));
    const bytes = writeSafetensors({ tensors, metadata: { ...metadata, settings } });
    expect(failure(() => readTableCodec(bytes))).toMatch(/^serialization/);
  });
});
