/**
 * How far the probabilities of all values of a cell are from 1 in sum: of each column, in rows of a table of which random cells are
 * seen. `npx tsx --tsconfig ../../tsconfig.json bench/masses.ts MODEL TABLE [ROWS]`. Prints JSON: the farthest of each column.
 */
import { Key, setup } from '@dgm/core';
import { compiled } from '@dgm/compile';
import { loadModel } from '@dgm/core/node';
import { readCells, readTextTable } from '@dgm/data';
import * as tables from '../src/index';
import { Conditionals } from '../src/table/conditionals';
import { Rows } from '../src/table/rows';

const [file, path, count = 16] = process.argv.slice(2) as [string, string, string?];
await setup({ backend: 'cpu' });
const { model } = await loadModel<tables.TableModel>(file, { packages: [tables] });
const { codec, network, schema } = model;
const table = await readTextTable(path);
const random = Key.of(0).generator();
const some = Array.from({ length: Number(count) }, () => random.below(table.count));
const values = codec.values(readCells(table.subset(some), schema));
// From no cells to all.
const shares = some.map((_, row) => row / (some.length - 1));
const known = values.map(() => Uint8Array.from(shares, (share) => (random.uniform() < share ? 1 : 0)));
const rows = new Rows(codec, values, known);
const conditionals = new Conditionals(network, compiled({ threads: 1 }));
const errors: Record<string, number> = {};
for (const [column, own] of codec.columns.entries()) {
  const of = (index: number) => (own.kind === 'number' ? own.starts[0]! + index : own.value(index));
  const present = own.kind === 'number' ? own.support : own.indices - 1;
  let worst = 0;
  await conditionals.column(column, { rows, chosen: [...some.keys()] }, (_, distribution, at) => {
    let sum = Math.exp(distribution.logProb(at, NaN));
    for (let index = 0; index < present; index++) sum += Math.exp(distribution.logProb(at, of(index)));
    worst = Math.max(worst, Math.abs(sum - 1));
  });
  errors[own.schema.name] = worst;
}
conditionals.dispose();
console.log(JSON.stringify(errors));
