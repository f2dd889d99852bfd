import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adam, fit, Key, type ExampleSource } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { TinyVae } from '../../../core/test/support/models';
import { temporaryFolder } from '../../test/files';
import type { Examples } from '../dataset';
import { encodePng } from '../image/png';
import { csvSource } from './csv-source';
import { imageSource } from './image-source';

const root = temporaryFolder();

async function piecesOf(source: ExampleSource, seed: number): Promise<Examples[]> {
  const pieces: Examples[] = [];
  for await (const piece of source.read({ key: Key.of(seed) })) pieces.push(piece);
  return pieces;
}

const valuesOf = (pieces: readonly Examples[]) => pieces.flatMap(({ values }) => Array.from(values));
const labelsOf = (pieces: readonly Examples[]) => pieces.flatMap(({ labels }) => Array.from(labels!));
const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

describe('csvSource', () => {
  const count = 20_000;
  const text = `x,class\n${Array.from({ length: count }, (_, row) => `${row},${row % 2 ? 'odd' : 'even'}`).join('\n')}`;
  const file = new File([text, '\nNA,odd'], 'rows.csv');
  const options = { label: 'class', missing: 'drop' } as const;

  it('gives every row once in an epoch, with its label, in the order of the key', async () => {
    const source = await csvSource(file, { ...options, window: 3000 });
    expect([source.count, source.dropped, source.shape]).toEqual([count, 1, [1]]);
    expect([source.columns, source.classes]).toEqual([['x'], ['even', 'odd']]);
    const pieces = await piecesOf(source, 1);
    const values = valuesOf(pieces);
    expect(ascending(values)).toEqual(Array.from({ length: count }, (_, row) => row));
    expect(labelsOf(pieces)).toEqual(values.map((value) => value % 2));
    expect(values.slice(0, 3000)).not.toEqual(ascending(values.slice(0, 3000)));
    expect(valuesOf(await piecesOf(source, 1))).toEqual(values);
    expect(valuesOf(await piecesOf(source, 2))).not.toEqual(values);
    expect(Math.max(...pieces.map((piece) => piece.count))).toBeLessThanOrEqual(1024);
  });

  it('keeps the order of the file with a window of 1', async () => {
    const source = await csvSource(file, { ...options, window: 1 });
    expect(valuesOf(await piecesOf(source, 1))).toEqual(Array.from({ length: count }, (_, row) => row));
  });

  it('is what a model trains on', async () => {
    const model = new TinyVae({ dims: 2, key: Key.of(0) });
    const lines = Array.from({ length: 40 }, (_, row) => `${Math.sin(row)},${Math.cos(row)}`);
    const train = await csvSource(new File([lines.join('\n')], 'circle.csv'));
    const options = { key: Key.of(1), optimizer: adam(), batchSize: 16, dropLast: true, epochs: 2 };
    const { steps } = await fit(model, { train }, options);
    expect(steps).toBe(4);
    model.dispose();
  });

  it('has another name for other data and other options', async () => {
    const ids = [
      (await csvSource(file, options)).id,
      (await csvSource(file, { ...options, window: 1 })).id,
      (await csvSource(new File(['x,class\n1,even\n'], 'rows.csv'), options)).id,
    ];
    expect(new Set(ids).size).toBe(3);
    expect((await csvSource(file, options)).id).toBe(ids[0]);
  });

  it('finds faults before training, and a file that has changed', async () => {
    await expect(csvSource(new File(['1\n2\nx'], 'bad.csv'))).rejects.toThrow('bad.csv, row 3, column 1');
    const path = join(root.path, 'changing.csv');
    await writeFile(path, '1\n2\n3');
    const source = await csvSource(path);
    await writeFile(path, '1\n2');
    await expect(piecesOf(source, 0)).rejects.toThrow('to have 3 rows, as at first, got 2');
  });
});

describe('imageSource', () => {
  it('decodes every image once in an epoch, with its class', async () => {
    const folder = join(root.path, 'images');
    for (const [name, level] of [
      ['dark', 10],
      ['light', 200],
    ] as const) {
      await mkdir(join(folder, name), { recursive: true });
      const png = encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(level) });
      for (let index = 0; index < 5; index++) await writeFile(join(folder, name, `${index}.png`), png);
    }
    const options = { size: [1, 1], channels: 1, classesFromFolders: true, piece: 4 } as const;
    const source = await imageSource(folder, options);
    expect([source.count, source.shape, source.classes]).toEqual([10, [1, 1, 1], ['dark', 'light']]);
    const pieces = await piecesOf(source, 0);
    expect(pieces.map((piece) => piece.count)).toEqual([4, 4, 2]);
    expect(ascending(valuesOf(pieces))).toEqual([
      ...Array<number>(5).fill(10),
      ...Array<number>(5).fill(200),
    ]);
    expect(labelsOf(pieces)).toEqual(valuesOf(pieces).map((level) => (level === 10 ? 0 : 1)));
    expect(valuesOf(await piecesOf(source, 1))).not.toEqual(valuesOf(pieces));

    await copyFile(join(folder, 'dark/0.png'), join(folder, 'dark/9.png'));
    expect((await imageSource(folder, options)).id).not.toBe(source.id);
    await rm(join(folder, 'light/1.png'));
    await expect(piecesOf(source, 0)).rejects.toThrow('1.png to be a file that can be read');
  });
});
