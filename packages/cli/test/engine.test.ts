import { adam, fit, Key, setup } from '@dgm/core';
import { inferSchema, parseTextTable, readCells } from '@dgm/data';
import { AnyOrderNetwork, maskRows, TableCodec, TableModel } from '@dgm/tables';
import { beforeAll, expect, it } from 'vitest';
import { bestEngine } from '../src/engine';

beforeAll(() => setup({ backend: 'cpu' }));

const table = parseTextTable(
  `fuel,price\n${Array.from({ length: 32 }, (_, row) => `${row % 3 ? 'petrol' : 'diesel'},${100 + row}`).join('\n')}\n`,
);
const schema = inferSchema(table);
const cells = readCells(table, schema);

it('trains and scores without the runtime for Node, to the same numbers', async () => {
  const missing = () => Promise.reject(new Error('not installed'));
  const engines = [await bestEngine(), await bestEngine(missing)];
  expect(engines.map(({ isNative }) => isNative)).toEqual([true, false]);
  const scores: Float64Array[] = [];
  for (const { engine } of engines) {
    const codec = TableCodec.of(schema, cells, { maxBins: 8, minCount: 4, maxLevels: 8, protect: 1 });
    const network = new AnyOrderNetwork(codec, { hidden: 8, blocks: 1, key: Key.of(0) });
    const train = codec.examples(codec.values(cells));
    const options = {
      key: Key.of(1),
      optimizer: adam({ learningRate: 1e-2 }),
      batchSize: 16,
      epochs: 3,
      engine,
    };
    await fit(network, { train }, { ...options, batch: maskRows(network.layout) });
    const model = new TableModel(network, { engine });
    scores.push((await model.score(table)).rows);
    model.dispose();
  }
  const [native, web] = scores as [Float64Array, Float64Array];
  native.forEach((value, row) => expect(web[row]).toBeCloseTo(value, 4));
});
