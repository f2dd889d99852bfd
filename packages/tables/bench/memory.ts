/**
 * The most memory of a process that trains a model of an odd table, draws rows of it and scores them, or refuses the table:
 * `npx tsx --tsconfig ../../tsconfig.json bench/memory.ts [CASE...]`, all cases by default. Each has a process of its own, which prints
 * JSON: what came of it, and the MiB. Ends with 1 where a case takes a GiB.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compiled } from '@dgm/compile';
import { ArgumentError, Key, setup } from '@dgm/core';
import { inferSchema, TextTable, type ColumnOverride } from '@dgm/data';
import { trainTable } from '../src/index';

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly cell: (row: number, column: number) => string;
  readonly schema?: Readonly<Record<string, ColumnOverride>>;
}

/** Without a pattern, the same in each run. */
const scattered = (row: number, column: number) => (Math.imul(row * 300 + column, 0x9e3779b1) >>> 8) % 1000;

const cases: Readonly<Record<string, Case>> = {
  levels: {
    ...{ rows: 300_000, columns: 2 },
    cell: (row, column) => (column === 0 ? `L${row}` : row % 3 === 0 ? 'yes' : 'no'),
    schema: { c0: { kind: 'category' } },
  },
  'levels-as-inferred': {
    ...{ rows: 300_000, columns: 2 },
    cell: (row, column) => (column === 0 ? `L${row}` : row % 3 === 0 ? 'yes' : 'no'),
  },
  'too-many-columns': { rows: 2000, columns: 2000, cell: (row, column) => String(scattered(row, column)) },
  'most-columns': { rows: 2000, columns: 300, cell: (row, column) => String(scattered(row, column)) },
  'few-rows': { rows: 30, columns: 5, cell: (row, column) => String(scattered(row, column)) },
  'one-column': { rows: 2000, columns: 1, cell: (row) => String(scattered(row, 0)) },
  constants: { rows: 2000, columns: 4, cell: (_row, column) => `k${column}` },
  'all-missing': { rows: 2000, columns: 4, cell: () => '' },
};

/** MiB. */
const MOST = 1024;

function tableOf({ rows, columns, cell }: Case): TextTable {
  return TextTable.of(
    Array.from({ length: columns }, (_, column) => ({
      name: `c${column}`,
      cells: Array.from({ length: rows }, (_, row) => cell(row, column)),
    })),
  );
}

async function outcome(tried: Case): Promise<string> {
  await setup({ backend: 'cpu' });
  const table = tableOf(tried);
  const schema = inferSchema(table, { columns: tried.schema ?? {} });
  try {
    const model = await trainTable(table, { steps: 20, schema, engine: compiled() });
    const { table: drawn } = await model.sample(100, { key: Key.of(0) });
    await model.score(drawn);
    return `trained, ${model.training!.nats.toFixed(2)} nats`;
  } catch (error) {
    if (error instanceof ArgumentError) return error.message;
    throw error;
  }
}

/** A process for each of the cases. @returns whether all stayed below the bound */
function tryEach(names: readonly string[]): boolean {
  const script = fileURLToPath(import.meta.url);
  const most = names.map((name) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, script, name], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    process.stdout.write(stdout);
    return (JSON.parse(stdout) as { readonly most: number }).most;
  });
  return most.every((mebi) => mebi < MOST);
}

const [...names] = process.argv.slice(2);
const only = names.length === 1 ? cases[names[0]!] : undefined;
if (only) {
  const { rows, columns } = only;
  const found = await outcome(only);
  const most = Math.ceil(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ case: names[0], rows, columns, outcome: found, most }));
} else if (!tryEach(names.length > 0 ? names : Object.keys(cases))) {
  process.exitCode = 1;
}
