import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Key, mlp, modelBytes, recordConstruction } from '@dgm/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModel, saveModel } from './model-file';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgm-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('writes a file as a whole, and reads it by path, address and bytes', async () => {
  const model = mlp([2, 3], { key: Key.of(0) });
  const path = join(folder, 'new', 'model.dgm');
  await saveModel(model, path, { card: { licence: 'MIT' } });
  expect(await readdir(join(folder, 'new'))).toEqual(['model.dgm']);
  for (const source of [path, pathToFileURL(path), await modelBytes(model, { card: { licence: 'MIT' } })]) {
    const { model: again, card } = await loadModel(source);
    expect(card).toEqual({ licence: 'MIT' });
    expect([...again.parameters().keys()]).toEqual(['0/kernel', '0/bias']);
    again.dispose();
  }
  model.dispose();
});

it('imports the packages of this project that a file names, and no others', async () => {
  const model = mlp([2, 3], { key: Key.of(0) });
  const args = [[2, 3], { key: Key.of(0) }];
  for (const name of ['@dgm/nowhere', '@dgm/../core', 'node:fs', 'file:///etc/passwd']) {
    recordConstruction(model, { package: name, version: '1.0.0', name: 'mlp', args });
    await saveModel(model, join(folder, 'other.dgm'));
    await expect(loadModel(join(folder, 'other.dgm'))).rejects.toThrow(`npm install ${name}`);
  }
  model.dispose();
});

it('names the file that cannot be read', async () => {
  await expect(loadModel(join(folder, 'nothing.dgm'))).rejects.toThrow(/nothing\.dgm to be readable/);
  await writeFile(join(folder, 'text.dgm'), 'not a model');
  await expect(loadModel(join(folder, 'text.dgm'))).rejects.toMatchObject({ code: 'serialization' });
});
