import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Key, loadModel, setup } from '@dgm/core';
import * as tables from '@dgm/tables';
import { expect, it } from 'vitest';

const folder = new URL('../../docs/site/public/models/', import.meta.url);

interface Offered {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly card: object;
}

it('models that the site offers are those of the list, and draw rows under conditions', async () => {
  await setup({ backend: 'cpu' });
  const offered = JSON.parse(await readFile(new URL('index.json', folder), 'utf8')) as readonly Offered[];
  expect(offered.map(({ file }) => file)).toEqual(['penguins.dgm']);
  const [{ file, ...listed }] = offered as [Offered];
  const bytes = new Uint8Array(await readFile(new URL(file, folder)));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { model, card } = await loadModel<tables.TableModel>(bytes, { packages: [tables] });
  expect({ bytes: bytes.length, sha256, card }).toEqual(listed);
  const { nats, baselines } = model.training!;
  expect(nats).toBeLessThan(baselines.independent.nats);
  const given = { Species: 'Gentoo penguin (Pygoscelis papua)' };
  const { table } = await model.sample(40, { key: Key.of(0), given });
  const of = (name: string, wanted: string) =>
    Array.from({ length: 40 }, (_, row) => table.column(name).text(row)).filter((text) => text === wanted)
      .length;
  // All that were observed lived on one island.
  expect([of('Species', given.Species), of('Island', 'Biscoe') > 32]).toEqual([40, true]);
  model.dispose();
});
