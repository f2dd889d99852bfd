import { describe, expect, it } from 'vitest';
import { discoverFamilies, selectCandidates, type PackageSource } from './families';

const entry = (name: string) => ({
  name,
  source: 'nowhere',
  create: () => Promise.reject(new Error('not for training')),
});

/** Packages that are not on disk, loaded as the installed ones are. */
const source: PackageSource = {
  manifest: (name) =>
    Promise.resolve({
      name,
      version: '1.2.3',
      exports:
        name === '@dgm/plain'
          ? { '.': './index.js' }
          : { '.': './index.js', './benchmark': './benchmark.js' },
    }),
  load: async (specifier) => {
    if (specifier === '@dgm/broken/benchmark') throw new SyntaxError('Unexpected token');
    if (specifier === '@dgm/odd/benchmark') return { benchmarks: [{ name: 'odd' }] };
    return { benchmarks: [entry(specifier.includes('two') ? 'second' : 'first')] };
  },
};

const dependencies = (...names: string[]) => ({
  dependencies: Object.fromEntries(names.map((name) => [name, '*'])),
});

describe('discoverFamilies', () => {
  it('asks every @dgm dependency that has a benchmark entry point, and no other', async () => {
    const found = await discoverFamilies(
      dependencies('@dgm/two', 'lodash', '@dgm/plain', '@dgm/one'),
      source,
    );
    expect(found.broken).toEqual([]);
    expect(
      found.candidates.map(({ entry: { name }, package: from, version }) => [name, from, version]),
    ).toEqual([
      ['first', '@dgm/one', '1.2.3'],
      ['second', '@dgm/two', '1.2.3'],
    ]);
  });

  it('reports a package that does not load, and keeps the others', async () => {
    const { candidates, broken } = await discoverFamilies(
      dependencies('@dgm/broken', '@dgm/odd', '@dgm/one'),
      source,
    );
    expect(candidates.map(({ entry: { name } }) => name)).toEqual(['first']);
    expect(broken.map(({ package: name, error }) => `${name}: ${(error as Error).message}`)).toEqual([
      '@dgm/broken: Unexpected token',
      '@dgm/odd: @dgm/odd/benchmark: expected benchmarks to be an array of BenchmarkEntry, got something else in the array',
    ]);
  });
});

describe('selectCandidates', () => {
  const candidates = ['vae', 'arm'].map((name) => ({
    entry: entry(name),
    package: '@dgm/x',
    version: '0.0.0',
  }));

  it('gives models in the order in which they were named, each once', () => {
    expect(selectCandidates(candidates, ['arm', 'vae', 'arm']).map(({ entry: { name } }) => name)).toEqual([
      'arm',
      'vae',
    ]);
    expect(selectCandidates(candidates, ['all', 'vae'])).toEqual(candidates);
  });

  it('lists those that exist when a name does not', () => {
    expect(() => selectCandidates(candidates, ['vea'])).toThrow(
      '--models to be one of all, vae, arm, got "vea"',
    );
  });
});
