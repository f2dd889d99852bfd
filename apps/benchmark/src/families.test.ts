import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discoverFamilies, selectCandidates } from './families';

const entry = (name: string) => ({
  name,
  source: 'nowhere',
  create: () => Promise.reject(new Error('not for training')),
});

const exporting = (...names: string[]) =>
  `export const recipes = [${names.map((name) => `{ name: '${name}', create() {} }`).join(', ')}];`;

describe('discoverFamilies', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dgm-recipes-'));
    const files = {
      'package.json': '{ "type": "module" }',
      'combined.js': exporting('third'),
      'vae/index.js': exporting('first', 'second'),
      'vae/part.js': 'throw new Error("is no family")',
      'arm.test.js': 'throw new Error("is a test")',
      'broken.js': 'throw new SyntaxError("Unexpected token")',
      'odd.js': 'export const recipes = [{ name: "odd" }];',
    };
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), text);
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds each file and each folder, by the package that has its name', async () => {
    const { candidates } = await discoverFamilies(pathToFileURL(`${folder}/`));
    expect(candidates.map(({ entry: { name }, package: from }) => [name, from])).toEqual([
      ['third', '@dgm/benchmark'],
      ['first', '@dgm/vae'],
      ['second', '@dgm/vae'],
    ]);
  });

  it('reports a family that does not load', async () => {
    const { broken } = await discoverFamilies(pathToFileURL(`${folder}/`));
    expect(broken.map(({ error }) => (error as Error).message)).toEqual([
      'Unexpected token',
      'recipes/odd: expected recipes to be an array of Recipe, got an array with something else',
    ]);
  });

  it('loads all families of this repository, whose models have names of their own', async () => {
    const { candidates, broken } = await discoverFamilies();
    expect(broken).toEqual([]);
    expect(new Set(candidates.map(({ package: from }) => from))).toEqual(
      new Set([
        '@dgm/arm',
        '@dgm/benchmark',
        '@dgm/compress',
        '@dgm/diffusion',
        '@dgm/ebm',
        '@dgm/flows',
        '@dgm/gan',
        '@dgm/hybrid',
        '@dgm/vae',
      ]),
    );
    const names = candidates.map(({ entry: { name } }) => name);
    expect(names).toContain('vampprior-2018-vamp');
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('selectCandidates', () => {
  const candidates = ['vae', 'arm'].map((name) => ({
    entry: { ...entry(name), isFlagship: name === 'vae' },
    package: '@dgm/x',
    version: '0.0.0',
  }));

  it('gives models in the order in which they were named, each once', () => {
    expect(
      selectCandidates(candidates, ['arm', 'vae', 'arm'], 'here').map(({ entry: { name } }) => name),
    ).toEqual(['arm', 'vae']);
    expect(selectCandidates(candidates, ['all', 'vae'], 'here')).toEqual(candidates);
    expect(selectCandidates(candidates, ['flagships'], 'here')).toEqual(candidates.slice(0, 1));
  });

  it('suggests the closest name, or the list', () => {
    const select = (name: string) => () => selectCandidates(candidates, [name], 'here');
    expect(select('vea')).toThrow('got "vea"; did you mean "vae"');
    expect(select('flagship')).toThrow('did you mean "flagships"');
    expect(select('transformer')).toThrow('npm run bench -- models lists them');
  });
});
