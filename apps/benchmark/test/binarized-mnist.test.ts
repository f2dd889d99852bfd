import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Key } from '@dgm/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipes as armRecipes } from '../src/recipes/arm';
import { recipes as publishedRecipes } from '../src/recipes/published/index';
import type { Results, Score } from '../src/results/schema';
import { run } from '../src/run/run';
import type { Recipe } from '../src/recipes/shared/recipe';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dgm-bits-'));
  for (const [part, rows] of Object.entries({ train: 8, valid: 4, test: 4 })) {
    const generator = Key.of(0).fold(part).generator();
    const lines = Array.from({ length: rows }, () =>
      Array.from({ length: 28 * 28 }, () => generator.below(2)).join(' '),
    );
    await writeFile(path.join(folder, `binarized_mnist_${part}.amat`), `${lines.join(' \n')} \n`);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `dgm-bench run` gives for entries on the files of this test. */
async function resultsOf(entries: readonly Recipe[], options: readonly string[]): Promise<Results> {
  const candidates = entries.map((entry) => ({ entry, package: '@dgm/test', version: '0.0.0' }));
  const out = path.join(folder, 'out');
  const line = [
    '--dataset',
    'binarized-mnist',
    '--data-dir',
    folder,
    '--out',
    out,
    '--overwrite',
    ...options,
  ];
  expect(await run(line, () => Promise.resolve({ candidates, broken: [] }))).toBe(0);
  return JSON.parse(await readFile(path.join(out, 'results.json'), 'utf8')) as Results;
}

it('the command of the README trains an autoregressive model on binarised MNIST', async () => {
  const entry = armRecipes.find(({ name }) => name === 'arm-finite-memory')!;
  const { dataset, runs } = await resultsOf([entry], ['--quick']);
  expect(dataset).toMatchObject({ name: 'binarized-mnist', train: 8, test: 4, dims: 784, values: 2 });
  const { nats, bitsPerDim, kind } = runs[0]!.test!;
  expect(kind).toBe('exact');
  expect(nats! / 784 / Math.LN2).toBeCloseTo(bitsPerDim!, 9);
  // Fair coins: a bit for each, and hardly less for what was learned of 8 rows.
  expect(bitsPerDim).toBeGreaterThan(0.95);
  expect(bitsPerDim).toBeLessThan(1.1);
});

it('the published models train on it in the compiled engine, and their likelihood is tighter than their bound', async () => {
  // One dimension of the S-VAE does for all five.
  const entries = publishedRecipes.filter(({ name }) => !name.startsWith('svae') || name.endsWith('-10'));
  const { runs } = await resultsOf(entries, ['--models', 'all', '--quick', '--engine', 'compiled']);
  expect(runs.map(({ model }) => model)).toEqual(entries.map(({ name }) => name));
  for (const { model, engine, epochs, test, extra } of runs) {
    const { nats, kind } = extra['importanceSampled'] as Score;
    expect({ engine, epochs, kind }, model).toEqual({
      engine: 'compiled',
      epochs: 2,
      kind: 'importance-sampled',
    });
    expect(nats, model).toBeLessThan(test!.nats!);
    // 784 fair coins take 543 nats; untrained networks do not know that they are fair.
    expect(nats, model).toBeGreaterThan(540);
    expect(nats, model).toBeLessThan(700);
  }
}, 120_000);
