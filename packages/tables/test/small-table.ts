import { Key } from '@dgm/core';
import { inferSchema, readCells, parseTextTable, type TextTable } from '@dgm/data';
import { AnyOrderNetwork, TableCodec } from '../src/index';

/**
 * 240 rows of each kind of column, with gaps: a skewed price with a spike at 500, a length to a tenth that follows the
 * category, a date, a flag, a name and a constant.
 */
export function smallTable(count = 240): TextTable {
  const random = Key.of(7).generator();
  const lines = ['price,length,kind,day,sold,name,shop'];
  for (let row = 0; row < count; row++) {
    const kind = random.below(3);
    const price = random.uniform() < 0.2 ? 500 : 100 + Math.floor(3000 * random.uniform() ** 4);
    const length = random.uniform() < 0.15 ? '' : (20 + 10 * kind + 2 * random.normal()).toFixed(1);
    const day = new Date(Date.UTC(2024, 0, 1 + random.below(300))).toISOString().slice(0, 10);
    const name = kind === 2 && random.uniform() < 0.3 ? '' : ['oak', 'elm', 'ash'][kind]!;
    lines.push(
      `${price},${length},${name},${day},${random.uniform() < 0.7 ? 'yes' : 'no'},N${row}X,main street`,
    );
  }
  return parseTextTable(`${lines.join('\n')}\n`);
}

export function smallCodec(table = smallTable()): TableCodec {
  const schema = inferSchema(table);
  return TableCodec.of(schema, readCells(table, schema), {
    maxBins: 12,
    minCount: 4,
    maxLevels: 8,
    protect: 1,
  });
}

export function smallNetwork(codec = smallCodec()): AnyOrderNetwork {
  const network = new AnyOrderNetwork(codec, { hidden: 16, blocks: 1, features: 4, key: Key.of(1) });
  // Heads start near zero: other weights make every part of the likelihood matter.
  for (const [path, variable] of network.parameters()) {
    if (!path.endsWith('kernel') || !path.includes('s/')) continue;
    const larger = Key.of(2).fold(path).normal(variable.shape);
    variable.assign(larger);
    larger.dispose();
  }
  return network;
}
