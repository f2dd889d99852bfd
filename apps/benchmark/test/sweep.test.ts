import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { merge } from '../src/merge/merge';
import { mergeSweeps } from '../src/merge/merge-sweeps';
import { cliArguments } from '../src/program-files';
import type { Recipe, RecipeTask } from '../src/recipes/shared/recipe';
import type { Sweep } from '../src/results/sweep';
import { sweepSchema, validated } from '../src/results/validate';
import { sweep } from '../src/sweep/sweep';
import { pixelFrequencies } from './fixtures/pixel-frequencies';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'dgm-sweep-'));
  // The wasm backend copies what a custom gradient saves, which the leak check of IS_TEST takes for a leak.
  tf.env().set('IS_TEST', false);
});
afterAll(async () => {
  tf.env().set('IS_TEST', true);
  await rm(root, { recursive: true, force: true });
});

const folder = (name: string) => path.join(root, name);
const read = async (name: string) =>
  validated(
    sweepSchema,
    JSON.parse(await readFile(path.join(folder(name), 'sweep.json'), 'utf8')),
    'sweep.json',
  );
const CLOCK = new Set(['trainSeconds', 'msPerStep']);
/** Without what a clock decides. */
const timeless = (content: Sweep) =>
  JSON.stringify(content, (name, value: unknown) => (CLOCK.has(name) ? undefined : value), 1);

describe('dgm-bench sweep', () => {
  const created: RecipeTask[] = [];
  const pixels: Recipe = {
    ...pixelFrequencies('pixels'),
    create: (task) => {
      created.push(task);
      return pixelFrequencies('pixels').create(task);
    },
  };
  const bench = (line: string, entry: Recipe = pixels) =>
    sweep([...line.split(' '), '--models', entry.name, '--engine', 'eager', '--device', 'cpu'], () =>
      Promise.resolve({
        candidates: [{ entry, package: '@dgm/made-up', version: '0.1.0' }],
        broken: [],
      }),
    );

  it('chooses by validation, and measures only what is chosen on the test rows', async () => {
    expect(await bench(`learningRate=0.01,2,0.1 --quick --seeds 0,1 --out ${folder('pixels')}`)).toBe(0);
    const { trials, trialCount, chosen, command } = await read('pixels');
    expect(trials.map(({ settings, seed }) => [settings['learningRate'], seed])).toEqual(
      [0.01, 2, 0.1].flatMap((rate) => [0, 1].map((seed) => [rate, seed])),
    );
    expect(trialCount).toBe(6);
    expect(command).toContain('sweep learningRate=0.01,2,0.1 --models pixels --seeds 0,1');
    const { settings, tests } = chosen![0]!;
    expect(settings).toEqual({ learningRate: 2 });
    expect(tests.map(({ seed, test }) => [seed, test!.kind])).toEqual([
      [0, 'exact'],
      [1, 'exact'],
    ]);
    expect(trials[2]!.result!.validation).toBeLessThan(trials[4]!.result!.validation);
    const page = await readFile(path.join(folder('pixels'), 'sweep.html'), 'utf8');
    expect(page).toContain('validation over learningRate');
    expect(page).not.toMatch(/[>:"](NaN|Infinity)/);
    // Finished: nothing is trained again, and the numbers stay as they are.
    created.length = 0;
    expect(await bench(`--resume --out ${folder('pixels')}`)).toBe(0);
    expect(await read('pixels')).toEqual({ trials, trialCount, chosen, command, ...(await rest('pixels')) });
    expect(created).toHaveLength(1); // the one that is asked for its hyperparameters
  });
  const rest = async (name: string) => {
    const { schema, machine, dataset } = await read(name);
    return { schema, machine, dataset };
  };

  it('keeps settings that cannot be trained with as failures, and chooses others', async () => {
    const brittle: Recipe = {
      ...pixels,
      create: async (task) => {
        const experiment = await pixels.create(task);
        const { width = 1 } = task;
        return width < 8
          ? experiment
          : { ...experiment, training: { ...experiment.training, validate: () => Number.NaN } };
      },
    };
    expect(await bench(`width=8,4 --quick --out ${folder('brittle')}`, brittle)).toBe(0);
    const { trials, chosen } = await read('brittle');
    expect(trials[0]!.error).toContain('Error');
    expect(chosen![0]!.settings).toEqual({ width: 4 });
    expect(await bench(`width=8,16 --quick --out ${folder('hopeless')}`, brittle)).toBe(1);
    expect((await read('hopeless')).chosen).toEqual([]);
  });

  it.each([
    ['width=3', pixels, 'expected width to be a hyperparameter of pixels: learningRate, batchSize'],
    ['learningRate=1 --dataset digtis', pixels, 'digits'],
    [
      'learningRate=1',
      {
        ...pixels,
        name: 'players',
        create: async (task: RecipeTask) => {
          const experiment = await pixels.create(task);
          return { ...experiment, model: Object.assign(experiment.model, { likelihoodKind: 'none' }) };
        },
      } as Recipe,
      'to be models that can be validated, got players',
    ],
  ])('refuses %s of %s before it trains', async (line, entry, message) => {
    await expect(bench(`${line} --quick --out ${folder('refused')}`, entry)).rejects.toThrow(message);
    expect(existsSync(path.join(folder('refused'), 'sweep.json'))).toBe(false);
  });
});

describe('a sweep in parts', { timeout: 240_000 }, () => {
  const line =
    'sweep learningRate=1e-3,3e-3 width=8 --models vae --quick --epochs 3 --seeds 0,1 --engine eager --device wasm';
  beforeEach(() => void vi.spyOn(console, 'log').mockReturnValue());
  afterEach(() => void vi.restoreAllMocks());
  const inProcess = (more: string) => sweep(`${line} ${more}`.split(' ').slice(1));

  it('is what one process gives, when merged, though one was killed', async () => {
    const killed = spawn(process.execPath, [
      ...cliArguments,
      ...`${line} --shard 1/2 --out ${folder('part1')}`.split(' '),
    ]);
    const ended = new Promise((resolve) => killed.on('close', (_, signal) => resolve(signal)));
    // In the middle of its second training, which is the third of the sweep.
    while (!existsSync(path.join(folder('part1'), 'checkpoints', 'trial-3'))) await wait(5);
    killed.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    expect((await read('part1')).trials.map(({ number }) => number)).toEqual([1]);

    const complaints = vi.spyOn(console, 'error').mockReturnValue();
    expect(await merge([folder('part1'), '--out', folder('half')])).toBe(1);
    expect(complaints).toHaveBeenCalledWith('Missing: 2/2');
    expect((await read('half')).chosen).toBeUndefined();

    expect(await inProcess(`--shard 1/2 --resume --out ${folder('part1')}`)).toBe(0);
    expect(await inProcess(`--shard 2/2 --resume --out ${folder('part2')}`)).toBe(0);
    expect(existsSync(path.join(folder('part1'), 'checkpoints', 'trial-3'))).toBe(false);
    expect(await merge([folder('part2'), folder('part1'), '--out', folder('merged')])).toBe(0);
    expect(await inProcess(`--out ${folder('whole')}`)).toBe(0);
    expect(timeless(await read('merged'))).toBe(timeless(await read('whole')));
    expect((await read('merged')).chosen).toHaveLength(1);
  });

  it('refuses to put trials together twice, or those of other sweeps', async () => {
    const content = await read('part1');
    const parts = (...contents: Sweep[]) =>
      contents.map((each, index) => ({ folder: `part${index}`, content: each }));
    expect(() => mergeSweeps(parts(content, content))).toThrow('trial 1 in both part0 and part1');
    const other = { ...content, trials: [], command: `${content.command} --epochs 9` };
    expect(() => mergeSweeps(parts(content, other))).toThrow('the command');
  });
});
