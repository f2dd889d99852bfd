import { Key, loadModel, modelBytes, setup } from '@dgm/core';
import { compiled } from '@dgm/compile';
import { parseTextTable } from '@dgm/data';
import * as tables from '@dgm/tables';

await setup({ backend: 'cpu' });
const rows = Array.from({ length: 200 }, (_, row) => {
  const isLarge = row % 3 === 0;
  return `${isLarge ? 'large' : 'small'},${(isLarge ? 20 : 5) + (row % 7) / 2},${row % 11 === 0 ? '' : 100 + row}`;
});
const table = parseTextTable(`size,weight,price\n${rows.join('\n')}\n`); // or readTextTable('cars.csv')

const model = await tables.trainTable(table, { steps: 150, seed: 0, engine: compiled() }); // or { minutes: 5 }
const { nats, baselines } = model.training!;
console.log('better than independent columns:', nats < baselines.independent.nats);

const { table: drawn } = await model.sample(3, {
  key: Key.of(0),
  given: { size: 'large', price: { min: 150 } },
});
console.log(drawn.count, new Set([0, 1, 2].map((row) => drawn.column('size').text(row))));

const filled = await model.impute(table);
console.log(
  'gaps left:',
  filled
    .toString()
    .split('\n')
    .filter((line) => line.endsWith(',')).length,
);

const { cells } = await model.score(table, { given: 'others' });
console.log(Object.keys(cells));

const bytes = await modelBytes(model, { card: model.card }); // or saveModel(model, 'cars.dgm', ...) of @dgm/core/node
const { model: same, card } = await loadModel<tables.TableModel>(bytes, { packages: [tables] });
console.log(same.columns, card.training?.rows);
