import { writeFileSync } from 'node:fs';

const rows = Array.from(
  { length: 60 },
  (_, row) => `${5 + (row % 7) / 10},${3 + (row % 5) / 10},"${row % 2 ? 'setosa' : 'virginica'}"`,
);
writeFileSync('iris.csv', `sepal_length,sepal_width,species\n${rows.join('\n')}\n`);

// #region table
import { csv, tableDataset } from '@dgm/data';

const { train, validation, test } = tableDataset(await csv('iris.csv', { label: 'species' }));
console.log(
  train.shape,
  [train, validation, test].map((part) => part.count),
);
// #endregion table
