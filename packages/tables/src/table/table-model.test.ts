import { compiled } from '@dgm/compile';
import { DgmError, Key, loadModel, memoryStore, modelBytes, SerializationError } from '@dgm/core';
import * as diffusion from '@dgm/diffusion';
import * as flows from '@dgm/flows';
import * as vae from '@dgm/vae';
import { formatCell, inferSchema, parseTextTable, readCells, TextTable } from '@dgm/data';
import { expectNoLeaks } from '@dgm/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { smallCodec, smallNetwork, smallTable } from '../../test/small-table';
import { TableCodec } from '../codec/table-codec';
import * as tables from '../index';
import { evaluateTable } from '../judge/evaluate-table';
import { MODEL_KINDS } from './row-model';
import {
  TableModel,
  tableModel,
  type ImputeOptions,
  type SampleTableOptions,
  type ScoreOptions,
} from './table-model';
import { splitRows } from './split';
import { trainTable, type TrainTableOptions } from '../train/train-table';
import type { TrainingFacts } from '../train/training-facts';

const table = smallTable();
const codec = smallCodec(table);
const model = new TableModel(smallNetwork(codec));
const scored = model.score(table);
afterAll(() => model.dispose());

const cells = (sample: TextTable, column: string) =>
  Array.from({ length: sample.count }, (_, row) => sample.column(column).text(row));
const isError = (code: 'argument' | 'serialization') => expect.toSatisfy((error) => DgmError.is(error, code));

describe('a score', () => {
  it('of a row is the sum of those of its cells, and depends on no other row', async () => {
    const { rows, cells } = await scored;
    const alone = await model.score(table.subset([0, 1, 2]));
    expect([...alone.rows]).toEqual([...rows.slice(0, 3)]);
    const sum = Object.values(cells).reduce((total, column) => total + column[5]!, 0);
    expect(rows[5]).toBeCloseTo(sum, 10);
  });

  it('takes columns in any order, and levels that are new', async () => {
    const moved = new TextTable([...table.columns].reverse(), table.dialect);
    expect([...(await model.score(moved)).rows]).toEqual([...(await scored).rows]);
    const fresh = parseTextTable(
      table
        .subset([0])
        .toString()
        .replace(/oak|elm|ash/, 'yew'),
    );
    const { cells } = await model.score(fresh);
    expect(cells['kind']![0]).toBeLessThan(-8);
    expect(Number.isFinite(cells['kind']![0])).toBe(true);
  });

  it('refuses what cells are not given', async () => {
    const options = { given: 'other' } as unknown as ScoreOptions;
    await expect(model.score(table, options)).rejects.toThrow(/did you mean "others"/);
  });

  it('refuses a table without one of its columns', async () => {
    const without = new TextTable(table.columns.slice(1), table.dialect);
    await expect(model.score(without)).rejects.toThrow(isError('argument'));
  });
});

describe('a sample', () => {
  it('has rows that depend on the key and their number alone', async () => {
    const many = await model.sample(300, { key: Key.of(3) });
    const few = await model.sample(5, { key: Key.of(3) });
    expect(few.table.toString()).toBe(many.table.subset([0, 1, 2, 3, 4]).toString());
    expect((await model.sample(5, { key: Key.of(4) })).table.toString()).not.toBe(few.table.toString());
    expect(many.effectiveSampleSize).toBeCloseTo(300, 8);
  });

  it('is written as the table is, with its constant columns and without names', async () => {
    const { table: drawn } = await model.sample(50, { key: Key.of(3) });
    expect(drawn.columns.map(({ name }) => name)).toEqual(['price', 'length', 'kind', 'day', 'sold', 'shop']);
    expect(new Set(cells(drawn, 'shop'))).toEqual(new Set(['main street']));
    for (const length of cells(drawn, 'length')) expect(length).toMatch(/^(-?\d+\.\d)?$/);
    for (const day of cells(drawn, 'day')) expect(day).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it('keeps to conditions in every row, missing included', async () => {
    const given = { kind: 'elm', sold: ['yes', 'no'], price: { min: 400, max: 600 }, length: null };
    const { table: drawn, weights, effectiveSampleSize } = await model.sample(60, { key: Key.of(0), given });
    expect(new Set(cells(drawn, 'kind'))).toEqual(new Set(['elm']));
    expect(new Set(cells(drawn, 'length'))).toEqual(new Set(['']));
    for (const price of cells(drawn, 'price')) {
      expect(Number(price)).toBeGreaterThanOrEqual(400);
      expect(Number(price)).toBeLessThanOrEqual(600);
    }
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(60, 8);
    expect(effectiveSampleSize).toBeLessThanOrEqual(60 + 1e-9);
  });

  it('under several conditions is weighted to the distribution under them', async () => {
    // By brute force: of free draws, those that fit.
    const given = { price: { max: 499 }, sold: ['yes'] as const, length: { min: 30 } };
    const share = (rows: TextTable, weights?: Float64Array) => {
      const [kinds, lengths] = [cells(rows, 'kind'), cells(rows, 'length')];
      const fits = kinds.map((_, row) => lengths[row] !== '' && Number(lengths[row]) >= 30);
      let [hits, all] = [0, 0];
      kinds.forEach((kind, row) => {
        if (!fits[row]) return;
        const weight = weights?.[row] ?? 1;
        all += weight;
        if (kind === 'oak') hits += weight;
      });
      return hits / all;
    };
    const conditioned = await model.sample(1024, { key: Key.of(5), given });
    const free = await model.sample(4096, { key: Key.of(6) });
    const prices = cells(free.table, 'price').map(Number);
    const sold = cells(free.table, 'sold');
    const fitting = prices.flatMap((price, row) => (price <= 499 && sold[row] === 'yes' ? [row] : []));
    expect(share(conditioned.table, conditioned.weights)).toBeCloseTo(share(free.table.subset(fitting)), 1);
  });

  it('completes rows with gaps in different places', async () => {
    const like = parseTextTable('kind,price\nelm,\n,500\nash,123\n');
    const { table: drawn } = await model.sample(3, { key: Key.of(1), like });
    expect(cells(drawn, 'kind').filter((_, row) => row !== 1)).toEqual(['elm', 'ash']);
    expect(cells(drawn, 'price').slice(1)).toEqual(['500', '123']);
    const fresh = parseTextTable('kind,price\nyew,+500\n');
    const kept = await model.sample(1, { key: Key.of(1), like: fresh });
    expect([cells(kept.table, 'kind'), cells(kept.table, 'price')]).toEqual([['yew'], ['+500']]);
  });

  it.each<[string, Omit<SampleTableOptions, 'key'>, RegExp]>([
    ['a column that there is not', { given: { knd: 'elm' } }, /did you mean "kind"/],
    ['a level that there is not', { given: { kind: 'elmm' } }, /did you mean "elm"/],
    ['missing where nothing was missing', { given: { price: null } }, /missing values/],
    ['a range without values', { given: { price: { min: 2, max: 1 } } }, /range/],
    ['a range of levels without order', { given: { kind: { min: 'elm' } } }, /ordinal/],
    ['an empty set', { given: { kind: [] } }, /allow a value/],
    ['a value far outside', { given: { price: 1e9 } }, /to be from/],
    ['a range with a missing end', { given: { length: { min: '' } } }, /missing end/],
    [
      'rows that the conditions do not allow',
      { like: parseTextTable('kind,sold\nelm,\nash,\n'), given: { kind: 'elm' } },
      /row 2 of like/,
    ],
    ['rows of another number', { like: parseTextTable('kind,sold\nelm,yes\n') }, /rows of like/],
  ])('refuses %s', async (_what, options, message) => {
    await expect(model.sample(2, { key: Key.of(0), ...options })).rejects.toThrow(message);
  });
});

describe('gaps', () => {
  it.each(['center', 'draw'] as const)('are filled by %s, and nothing else changes', async (by) => {
    const filled = await model.impute(table, { by, key: Key.of(0) });
    table.columns.forEach((column, at) => {
      for (let row = 0; row < table.count; row++) {
        const [before, after] = [column.text(row), filled.columns[at]!.text(row)];
        if (before !== '') expect(after).toBe(before);
        else expect(after).not.toBe('');
      }
    });
  });

  it('are filled in a way that there is', async () => {
    const options = { by: 'draws' } as unknown as ImputeOptions;
    await expect(model.impute(table, options)).rejects.toThrow(/did you mean "draw"/);
  });

  it('are drawn in a piece of a table as in the whole of it', async () => {
    const options = { by: 'draw', key: Key.of(3) } as const;
    const rows = Int32Array.from({ length: 100 }, (_, at) => at);
    const whole = await model.impute(table.subset(rows), options);
    const rest = await model.impute(table.subset(rows.slice(40)), { ...options, firstRow: 40 });
    expect(rest.body().toString()).toBe(whole.subset(rows.slice(40)).body().toString());
    expect(rest.toString()).not.toBe((await model.impute(table.subset(rows.slice(40)), options)).toString());
  });

  it('are drawn by a key', async () => {
    await expect(model.impute(table, { by: 'draw' })).rejects.toThrow(isError('argument'));
  });
});

describe('an explanation', () => {
  it('names the cells that are least probable given the others', async () => {
    const [first] = await model.explain(table, [4], 5);
    const scores = await model.score(table.subset([4]), { given: 'others' });
    expect(first).toHaveLength(5);
    for (const { column, logProb } of first!) expect(logProb).toBeCloseTo(scores.cells[column]![0]!, 10);
    const surprises = first!.map(({ surprise }) => surprise);
    expect(surprises).toEqual([...surprises].sort((a, b) => b - a));
    expect(first!.find(({ column }) => column === 'price')!.text).toBe(
      formatCell(codec.columns[0]!.schema, Number(table.column('price').text(4))),
    );
  });
});

describe('an explanation of rows that there are not', () => {
  it.each([[240], [-1], [0.5], [NaN]])('is refused: %d', async (row) => {
    await expect(model.explain(table, [row])).rejects.toThrow(isError('argument'));
  });

  it('of less than no cells is refused', async () => {
    await expect(model.explain(table, [0], -1)).rejects.toThrow(isError('argument'));
  });
});

describe('columns that are named as members of objects', () => {
  it('are columns as others', async () => {
    const lines = Array.from({ length: 40 }, (_, row) => `${row % 3},${row % 2 ? 'x' : 'y'}`);
    const named = parseTextTable(`__proto__,constructor\n${lines.join('\n')}\n`);
    const trained = await trainTable(named, { steps: 2 });
    expect(Object.keys((await trained.score(named)).cells)).toEqual(['__proto__', 'constructor']);
    expect((await trained.sample(2, { key: Key.of(0) })).table.count).toBe(2);
    trained.dispose();
  });
});

describe('what is no table', () => {
  it.each([[undefined], [null], ['cars.csv'], [{ columns: 'a' }]])(
    'is refused by name: %j',
    async (other) => {
      const none = other as unknown as TextTable;
      const calls = [
        () => trainTable(none),
        () => model.score(none),
        () => model.impute(none),
        () => model.explain(none, [0]),
        () => evaluateTable(model, none, { key: Key.of(0) }),
      ];
      for (const call of calls) {
        await expect(call()).rejects.toThrow(/to be a TextTable, such as readTextTable gives/);
        await expect(call()).rejects.toThrow(isError('argument'));
      }
    },
  );
});

describe('training that was interrupted', () => {
  const lines = Array.from({ length: 60 }, (_, row) => `${row % 3},${row % 2 ? 'x' : 'y'}`);
  const small = parseTextTable(`number,letter\n${lines.join('\n')}\n`);

  it('goes on to the weights of an uninterrupted one', async () => {
    const options = { steps: 9, checkpoint: { store: memoryStore() } };
    const whole = await trainTable(small, { steps: 9 });
    const signal = { aborted: false };
    const stopped = await trainTable(small, {
      ...options,
      signal,
      onProgress: () => (signal.aborted = true),
    });
    expect(stopped.training!.steps).toBeLessThan(9);
    const resumed = await trainTable(small, options);
    const scores = await Promise.all([whole, resumed].map((trained) => trained.score(small)));
    expect([...scores[1]!.rows]).toEqual([...scores[0]!.rows]);
    for (const trained of [whole, stopped, resumed]) trained.dispose();
  });

  it('is refused where the store holds another plan', async () => {
    const store = memoryStore();
    await store.write('any-order.plan.json', Uint8Array.of(1, 2));
    await expect(trainTable(small, { steps: 9, checkpoint: { store } })).rejects.toThrow(
      isError('serialization'),
    );
  });
});

describe('a model file', () => {
  const load = (bytes: Uint8Array) => loadModel<TableModel>(bytes, { packages: [tables] });
  const training: TrainingFacts = {
    rows: 192,
    heldOutRows: 24,
    steps: 36,
    seed: 2 ** 40,
    nats: 21.5,
    standardError: 0.25,
    columns: { $price: 6 },
    baselines: {
      independent: { nats: 30, columns: { $price: 9 } },
      trees: { nats: 22, columns: { $price: 6.5 } },
    },
  };

  it('gives the same likelihoods to the bit, the schema and the training facts', async () => {
    const trained = new TableModel(smallNetwork(codec), { training });
    const { model: loaded, card } = await load(await modelBytes(trained, { card: trained.card }));
    expect([...(await loaded.score(table)).rows]).toEqual([...(await scored).rows]);
    expect(loaded.schema).toEqual(codec.schema);
    expect(loaded.training).toEqual(training);
    expect(card.training).toEqual({
      rows: 192,
      seed: 2 ** 40,
      heldOut: { nats: 21.5, standardError: 0.25, rows: 24, kind: 'exact' },
    });
    loaded.useEngine(compiled({ threads: 1 }));
    const [eagerly, compiledly] = [(await scored).rows[0]!, (await loaded.score(table.subset([0]))).rows[0]!];
    expect(Math.abs(compiledly - eagerly)).toBeLessThan(1e-3);
    loaded.dispose();
    trained.dispose();
  });

  it('keeps integers of 15 digits', async () => {
    const long = parseTextTable(
      `id\n${Array.from({ length: 40 }, (_, row) => 1e14 + row * 12345678).join('\n')}\n`,
    );
    const large = tableModel(smallNetwork(smallCodec(long)));
    const { model: loaded } = await load(await modelBytes(large));
    expect([...(await loaded.score(long)).rows]).toEqual([...(await large.score(long)).rows]);
    loaded.dispose();
    large.dispose();
  });

  it('is refused wherever it is damaged', async () => {
    const bytes = await modelBytes(model);
    const random = Key.of(9).generator();
    for (let attempt = 0; attempt < 200; attempt++) {
      const damaged = bytes.slice();
      damaged[random.below(bytes.length)]! ^= 1 << random.below(8);
      const cut = attempt % 2 === 0 ? damaged : bytes.slice(0, random.below(bytes.length));
      await expectNoLeaks(() => expect(load(cut)).rejects.toThrow(SerializationError));
    }
  });
});

describe('trainTable', () => {
  it('learns a table, and says how much', async () => {
    const steps: number[] = [];
    const trained = await trainTable(table, {
      steps: 36,
      engine: compiled({ threads: 1 }),
      onProgress: ({ step }) => void steps.push(step),
    });
    const { training } = trained;
    expect(training).toMatchObject({ seed: 0, rows: 192, steps: 36 });
    expect(steps.at(-1)).toBe(36);
    expect(training!.nats).toBeLessThan(trained.codec.width * 8);
    const sum = Object.values(training!.columns).reduce((total, nats) => total + nats, 0);
    expect(sum).toBeCloseTo(training!.nats, 8);
    trained.dispose();
  });

  it('gives the same file for the same seed and steps', async () => {
    const file = async (seed: number) => {
      const trained = await trainTable(table, { steps: 3, seed, engine: compiled({ threads: 1 }) });
      const bytes = await modelBytes(trained, { card: trained.card });
      trained.dispose();
      return bytes;
    };
    const first = await file(1);
    expect(await file(1)).toEqual(first);
    expect(await file(2)).not.toEqual(first);
  });

  it.each<[string, (row: number) => string]>([
    ['one column', (row) => String((row * 37) % 50)],
    [
      'a column of missing cells, a constant and one level with gaps',
      (row) => `${row % 9},,k,${row % 3 ? 'x' : ''}`,
    ],
    [
      'numbers of 15 digits, and of all sizes',
      (row) => `${1e14 + row * 12345678},${Math.exp(row / 4).toExponential(5)}`,
    ],
  ])('takes a table of %s', async (_what, make) => {
    const lines = Array.from({ length: 120 }, (_, row) => make(row));
    const header = lines[0]!.split(',').map((_cell, column) => `c${column}`);
    const odd = parseTextTable(`${[header.join(','), ...lines].join('\n')}\n`);
    const trained = await trainTable(odd, { steps: 12, engine: compiled({ threads: 1 }) });
    expect(Number.isFinite(trained.training!.nats)).toBe(true);
    const { table: drawn } = await trained.sample(4, { key: Key.of(0) });
    expect((await trained.score(drawn)).rows.every((logProb) => Number.isFinite(logProb))).toBe(true);
    trained.dispose();
  });

  it.each([
    ['a column that there is not', { columns: ['prce'] }, /did you mean "price"/],
    ['an option that there is not', { step: 3 } as object, /did you mean "steps"/],
    ['columns that no model describes', { columns: ['name', 'shop'] }, /numbers, dates or categories/],
    ['no time', { minutes: 0 }, /minutes/],
  ])('refuses %s', async (_what, options, message) => {
    await expect(trainTable(table, options)).rejects.toThrow(message);
  });

  it('takes a table of 30 rows', async () => {
    const trained = await trainTable(table.subset(Array.from({ length: 30 }, (_, row) => row)), { steps: 3 });
    expect(trained.training!.rows).toBe(splitRows(30).train.length);
    expect(Number.isFinite(trained.training!.nats)).toBe(true);
    trained.dispose();
  });

  it('leaves a column of 300,000 texts out, or takes its most frequent ones where the schema wants it', () => {
    const cells = Array.from({ length: 300_000 }, (_, row) => `L${row}`);
    const many = TextTable.of([
      { name: 'level', cells },
      { name: 'flag', cells: cells.map((_, row) => (row % 3 ? 'yes' : 'no')) },
    ]);
    const schema = inferSchema(many);
    expect(schema.columns.map(({ kind }) => kind)).toEqual(['id', 'boolean']);
    const wanted = inferSchema(many, { columns: { level: { kind: 'category' } } });
    const options = { maxBins: 200, minCount: 8, maxLevels: 512, protect: 1 };
    const [level] = TableCodec.of(wanted, readCells(many, wanted), options).columns;
    expect(level!.indices).toBe(514);
  });

  it('refuses 2000 columns, and says what helps', async () => {
    const names = Array.from({ length: 2000 }, (_, column) => `c${column}`);
    const wide = TextTable.of(
      names.map((name, column) => ({
        name,
        cells: names.slice(0, 40).map((_, row) => String((row * column) % 7)),
      })),
    );
    await expect(trainTable(wide, { steps: 1 })).rejects.toThrow(
      /at most 300.*got 1714 columns.*option columns/,
    );
  });

  it('refuses a table of too few rows', async () => {
    await expect(trainTable(table.subset([0, 1, 2]))).rejects.toThrow(/at least 20 rows/);
  });
});

describe('the kind of a model', () => {
  it('is chosen by validation rows, half of them, and the facts say among which', async () => {
    const kinds = new Set<string>();
    const trained = await trainTable(table, {
      model: 'auto',
      steps: 3,
      engine: compiled({ threads: 1 }),
      onProgress: ({ model: kind }) => void kinds.add(kind),
    });
    expect(kinds).toContain('any-order');
    const { candidates } = trained.training!;
    expect(candidates!.map(({ model }) => model).sort()).toEqual([...MODEL_KINDS].sort());
    expect(trained.kind).toBe(candidates![0]!.model);
    expect(trained.training!.steps).toBe(trained.kind === 'trees' ? 0 : 3);
    expect(candidates!.map(({ nats }) => nats)).toEqual(
      candidates!.map(({ nats }) => nats).sort((a, b) => a - b),
    );
    const { model: loaded } = await loadModel<TableModel>(await modelBytes(trained, { card: trained.card }), {
      packages: [tables, diffusion, flows, vae],
    });
    expect(loaded.training).toEqual(trained.training);
    loaded.dispose();
    trained.dispose();
  });

  it('is one that there is', async () => {
    const options = { model: 'tree' } as unknown as TrainTableOptions;
    await expect(trainTable(table, options)).rejects.toThrow(/did you mean "trees"/);
  });
});
