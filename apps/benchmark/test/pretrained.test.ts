import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as arm from '@dgm/arm';
import { Key, loadModel, setup, type Module } from '@dgm/core';
import * as diffusion from '@dgm/diffusion';
import * as ebm from '@dgm/ebm';
import * as flows from '@dgm/flows';
import * as gan from '@dgm/gan';
import * as hybrid from '@dgm/hybrid';
import * as tables from '@dgm/tables';
import * as vae from '@dgm/vae';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ListedModel } from '../../docs/scripts/list-model';

const folder = new URL('../../docs/site/public/models/', import.meta.url);
const listed = JSON.parse(await readFile(new URL('index.json', folder), 'utf8')) as readonly ListedModel[];
const packages = [arm, diffusion, ebm, flows, gan, hybrid, tables, vae];

beforeAll(() => setup({ backend: 'cpu' }));

async function open<M extends Module>(file: string) {
  return loadModel<M>(new Uint8Array(await readFile(new URL(file, folder))), { packages });
}

describe('models that the site offers', () => {
  // Large ones are there where they were made.
  const here = listed.filter(({ file }) => !file.startsWith('large/') || existsSync(new URL(file, folder)));

  it.each(here)('$file is the one of the list, with its card', async ({ file, bytes, sha256, card }) => {
    const content = await readFile(new URL(file, folder));
    const hash = createHash('sha256').update(content).digest('hex');
    const opened = await open(file);
    expect({ bytes: content.length, sha256: hash, card: opened.card }).toEqual({ bytes, sha256, card });
    opened.model.dispose();
  });

  it('draw penguins under conditions', async () => {
    const { model } = await open<tables.TableModel>('penguins.dgm');
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
});
