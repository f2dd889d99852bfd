import { writeFileSync } from 'node:fs';
import { adam, fit, Key, setup } from '@dgm/core';
import { csvSource } from '@dgm/data';
import { realNvp } from '@dgm/flows';

const rows = Array.from({ length: 2000 }, (_, row) => `${Math.sin(row)},${Math.cos(row) + 0.1 * (row % 7)}`);
writeFileSync('rows.csv', `x,y\n${rows.join('\n')}\n`);

// #region stream
await setup();
const key = Key.of(0);
const train = await csvSource('rows.csv');
console.log(train.count, train.shape);

const model = realNvp({ dims: 2, hidden: [16], key });
const { curve } = await fit(model, { train }, { key, optimizer: adam(), batchSize: 250, epochs: 2 });
console.log(curve.length);
model.dispose();
// #endregion stream
