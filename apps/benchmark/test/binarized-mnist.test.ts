import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { benchmarks } from '@dgm/arm/benchmark';
import { Key } from '@dgm/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Results } from '../src/results/schema';
import { run } from '../src/run/run';

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

it('the command of the README trains an autoregressive model on binarised MNIST', async () => {
  const entry = benchmarks.find(({ name }) => name === 'arm-finite-memory')!;
  const candidates = [{ entry, package: '@dgm/arm', version: '0.0.0' }];
  const out = path.join(folder, 'out');
  const line = ['--dataset', 'binarized-mnist', '--data-dir', folder, '--quick', '--out', out];
  expect(await run(line, () => Promise.resolve({ candidates, broken: [] }))).toBe(0);
  const { dataset, runs } = JSON.parse(await readFile(path.join(out, 'results.json'), 'utf8')) as Results;
  expect(dataset).toMatchObject({ name: 'binarized-mnist', train: 8, test: 4, dims: 784, values: 2 });
  const { nats, bitsPerDim, kind } = runs[0]!.test!;
  expect(kind).toBe('exact');
  expect(nats! / 784 / Math.LN2).toBeCloseTo(bitsPerDim!, 9);
  // Fair coins: a bit for each, and hardly less for what was learned of 8 rows.
  expect(bitsPerDim).toBeGreaterThan(0.95);
  expect(bitsPerDim).toBeLessThan(1.1);
});
