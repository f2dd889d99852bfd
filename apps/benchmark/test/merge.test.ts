import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compare } from '../src/compare/compare';
import type { Comparison } from '../src/results/comparison';
import { merge } from '../src/merge/merge';
import { mergeComparisons } from '../src/merge/merge-comparisons';
import { mergeResults } from '../src/merge/merge-results';
import { missingParts } from '../src/merge/parts';
import { cliArguments } from '../src/program-files';
import type { Results } from '../src/results/schema';
import { run } from '../src/run/run';
import { madeUpComparison } from './fixtures/comparison';
import { madeUpReport } from './fixtures/results';
import { torch } from './found-torch';

function start(line: string) {
  const child = spawn(process.execPath, [...cliArguments, ...line.split(' ')]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += String(part)));
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, text })),
  );
  return { child, ended };
}

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'dgm-merge-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const folder = (name: string) => path.join(root, name);
const json = async <T>(...names: string[]) =>
  JSON.parse(await readFile(path.join(root, ...names), 'utf8')) as T;

/** Two quick models of one family, shared by two processes. */
const models = '--models arm-finite-memory,arm-made';

describe('a run in parts', { timeout: 240_000 }, () => {
  const part = (index: number) =>
    `run ${models} --quick --engine eager --shard ${index}/2 --out ${folder(`run${index}`)}`;

  it('is what one process gives, when merged', async () => {
    const first = start(part(1)).ended;
    // One process of its own shows that none depends on another. The wasm backend copies what a custom gradient saves, which the leak
    // check of IS_TEST takes for a leak.
    tf.env().set('IS_TEST', false);
    expect(await run(part(2).split(' ').slice(1))).toBe(0);
    expect(await run(`${models} --quick --engine eager --out ${folder('whole')}`.split(' '))).toBe(0);
    tf.env().set('IS_TEST', true);
    expect((await first).code).toBe(0);
    const complaints = vi.spyOn(console, 'error').mockReturnValue();
    expect(await merge([folder('run1'), '--out', folder('half')])).toBe(1);
    expect(complaints).toHaveBeenCalledWith('Missing: 2/2');
    complaints.mockRestore();

    expect(await merge([folder('run1'), folder('run2'), '--out', folder('merged')])).toBe(0);
    const names = ['arm-finite-memory', 'arm-made'];
    const [merged, straight] = [
      await json<Results>('merged', 'results.json'),
      await json<Results>('whole', 'results.json'),
    ];
    expect(merged.runs.map(({ model }) => model)).toEqual(names);
    expect(merged.runs.map(({ curve, test }) => ({ curve, test }))).toEqual(
      straight.runs.map(({ curve, test }) => ({ curve, test })),
    );
    expect(await readdir(folder('merged'))).toEqual(
      expect.arrayContaining([...names.map((name) => `${name}-samples.png`), 'report.html']),
    );
  });

  it('refuses folders without results', async () => {
    await expect(merge([root, '--out', folder('none')])).rejects.toThrow('to hold results.json');
    await expect(merge([folder('nowhere'), '--out', folder('none')])).rejects.toThrow('to be a folder');
    await expect(merge([])).rejects.toThrow('the folders of one part or more');
  });
});

describe('a comparison that is killed', { timeout: 240_000 }, () => {
  const line = () =>
    `compare ${models} --engines compiled --threads 1 --quick --seconds 0.1 --max-seconds 0 --out ${folder('compare')}`;

  it('keeps the finished rows, and goes on with the next model', async () => {
    const first = start(line());
    // Rows are on disk before the next model begins.
    const done = async () => {
      const found = await json<Comparison>('compare', 'compare.json').catch(() => undefined);
      return found?.rows.length === 1 ? found : undefined;
    };
    let before = await done();
    while (before === undefined) {
      await wait(20);
      before = await done();
    }
    first.child.kill('SIGKILL');
    await first.ended;

    const resume = () =>
      compare(['--resume', '--out', folder('compare')], { find: () => Promise.resolve(torch) });
    const printed = vi.spyOn(console, 'log');
    expect(await resume()).toEqual(expect.any(Number));
    expect(printed.mock.calls.flat().join('\n')).toContain('1 of 1: arm-made');
    printed.mockRestore();
    const after = await json<Comparison>('compare', 'compare.json');
    expect(after.rows.map(({ model }) => model)).toEqual(['arm-finite-memory', 'arm-made']);
    expect(after.rows[0]).toEqual(before.rows[0]);
    expect(after.command).toBe(before.command);
    // Everything is done: the numbers stay as they are.
    expect(await resume()).toEqual(expect.any(Number));
    expect(await json('compare', 'compare.json')).toEqual(after);
  });
});

describe('merging', () => {
  const { results } = madeUpReport();
  const comparison = madeUpComparison();
  const parts = <Content>(...contents: Content[]) =>
    contents.map((content, index) => ({ folder: `part${index + 1}`, content }));
  const halves = [0, 1].map((half) => ({
    ...results,
    runs: results.runs.filter((_, index) => index % 2 === half),
  }));

  it('puts the runs of all parts together', () => {
    const { runs, failures, machines } = mergeResults(parts(...halves));
    expect(new Set(runs)).toEqual(new Set(results.runs));
    expect(failures).toEqual(results.failures);
    expect(machines).toBeUndefined();
  });

  it('says which machine has measured what, where there were several', () => {
    const [first, second] = halves as readonly Results[] as [Results, Results];
    const other = { ...second, machine: { ...second.machine, cpu: 'another' } };
    const { machine, machines } = mergeResults(parts(first, other));
    expect(machine).toBe(first.machine);
    expect(machines).toEqual([
      { machine: first.machine, models: first.runs.map(({ model }) => model) },
      { machine: other.machine, models: second.runs.map(({ model }) => model) },
    ]);
  });

  it('forgets a failure that another part has made up for', () => {
    const [{ model }] = results.runs as [Results['runs'][number]];
    const failed: Results = {
      ...results,
      runs: [],
      failures: [{ model, package: '@dgm/x', error: 'out of luck' }],
    };
    expect(mergeResults(parts<Results>(failed, { ...results, failures: [] })).failures).toBeUndefined();
  });

  it('puts the rows of a comparison together, under the command of the whole', () => {
    const by = (model: string) => ({
      ...comparison,
      command: comparison.command.replace(' --out', ` --shard ${model === 'vae' ? 1 : 2}/2 --out`),
      rows: comparison.rows.filter((row) => (row.model === 'vae') === (model === 'vae')),
      measurements: comparison.measurements.filter((row) => (row.model === 'vae') === (model === 'vae')),
      sizes: model === 'vae' ? comparison.sizes! : [],
    });
    expect(mergeComparisons(parts(by('vae'), by('other')))).toEqual(comparison);
  });

  it('refuses metrics in features of other weights, but not parts without any', () => {
    const [first, second] = halves as readonly Results[] as [Results, Results];
    const withFeatures = (part: Results, sha256: string): Results => ({
      ...part,
      runs: part.runs.map((run) => ({
        ...run,
        extra: { ...run.extra, features: { name: 'digits-conv', sha256 } },
      })),
    });
    const merged = (...all: Results[]) => mergeResults(parts<Results>(...all)).runs.length;
    expect(() => merged(withFeatures(first, 'a'), withFeatures(second, 'b'))).toThrow(
      'weights of the features',
    );
    expect(merged(withFeatures(first, 'a'), withFeatures(second, 'a'))).toBe(results.runs.length);
    expect(merged(first, withFeatures(second, 'b'))).toBe(results.runs.length);
  });

  it.each([
    ['a model in two parts', results, results, 'to name parts that have nothing in common'],
    ['other data', results, { ...results, dataset: { ...results.dataset, sha256: 'x' } }, 'the data set'],
  ])('refuses %s', (_, first, second, message) => {
    expect(() => mergeResults(parts<Results>(first, second))).toThrow(message);
  });

  it('refuses comparisons of other options', () => {
    const other = { ...comparison, rows: [], command: `${comparison.command} --seeds 1` };
    expect(() => mergeComparisons(parts<Comparison>(comparison, other))).toThrow('the command');
    expect(() => mergeComparisons(parts(comparison, comparison))).toThrow('nothing in common');
  });

  it('knows which parts are missing', () => {
    expect(
      missingParts([
        { index: 3, count: 4 },
        { index: 1, count: 4 },
      ]),
    ).toEqual(['2/4', '4/4']);
    expect(missingParts([undefined])).toEqual([]);
  });
});
