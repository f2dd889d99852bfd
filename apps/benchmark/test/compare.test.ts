import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compare } from '../src/compare/compare';
import type { Comparison } from '../src/results/comparison';
import { torch } from './found-torch';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'dgm-bench-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const text = (name: string) => readFile(path.join(out, name), 'utf8');
const comparison = async () => JSON.parse(await text('compare.json')) as Comparison;
const line = '--models vae --quick --seconds 0.1 --max-seconds 60 --threads 1';
type Sources = NonNullable<Parameters<typeof compare>[1]>;
const start = (more: string, sources: Sources = known) =>
  compare([...`${line} ${more}`.split(' '), '--out', out], sources);

const positive = expect.toSatisfy((value) => typeof value === 'number' && value > 0);
/** A small model fits into memory that loading the libraries has taken. */
const atLeast0 = expect.toSatisfy((value) => typeof value === 'number' && value >= 0);
/** What was found: one test has the program look. */
const known: Sources = { find: () => Promise.resolve(torch) };
const title = 'dgm-bench compare';

describe.skipIf('missing' in torch)(
  'missing' in torch ? `${title} (no PyTorch on this machine)` : title,
  () => {
    it('writes a row for our engine against PyTorch, and trains both to the same quality', async () => {
      expect(await start('--engines compiled', {})).toBe(0);
      const { schema, command, machine, rows, measurements, ...more } = await comparison();
      expect({ schema, more }).toEqual({
        schema: 1,
        more: { dataset: expect.objectContaining({ name: 'glyphs' }) },
      });
      expect(command).toBe(
        'npm run bench -- compare --models vae --dataset glyphs --threads 1 --engines compiled --seconds 0.1 --max-seconds 60 --seeds 0 --quick --out DIR',
      );
      expect(Object.keys(machine)).toEqual([
        ...[
          'cpu',
          'cores',
          'memoryGiB',
          'platform',
          'node',
          'tfjs',
          'load',
          'onnxruntime',
          'pytorch',
          'python',
          'peers',
        ],
      ]);
      expect(rows).toEqual([
        {
          model: 'vae',
          engine: 'compiled',
          device: 'cpu',
          batch: 64,
          setting: 'one-thread',
          peer: 'pytorch',
          oursMs: positive,
          peerMs: positive,
          ratio: positive,
          oursThreads: 1,
          peerThreads: 1,
          oursTestNats: positive,
          peerTestNats: positive,
          oursTestNatsSd: null,
          peerTestNatsSd: null,
          seeds: 1,
          oursSampleMs: positive,
          peerSampleMs: positive,
          roofline: positive,
        },
      ]);
      for (const { ratio, oursMs, peerMs } of rows) expect(ratio).toBeCloseTo(peerMs! / oursMs!, 2);
      expect(measurements).toMatchObject(
        ['compiled', 'pytorch'].map((engine) => ({
          engine,
          peakMemoryMiB: positive,
          stepMemoryMiB: atLeast0,
        })),
      );
      for (const { engine, parameters, trainings } of measurements) {
        expect(parameters, engine).toBe(measurements[0]!.parameters);
        expect(trainings).toMatchObject([{ seed: 0, epochs: 2, steps: 8, secondsToTarget: positive }]);
      }
      // Two epochs from the same initialization and by the same protocol: nearly the same model.
      expect(Math.abs(rows[0]!.oursTestNats! - rows[0]!.peerTestNats!)).toBeLessThan(4);
      expect(await text('compare.html')).toContain('as fast as PyTorch');
    }, 120_000);

    it('trains with every seed and takes no times, as it is asked to', async () => {
      expect(await start('--engines compiled --threads 1,2 --seconds 0 --seeds 0,1')).toBe(0);
      const { rows, measurements } = await comparison();
      expect(rows).toEqual([
        expect.objectContaining({
          oursMs: null,
          peerMs: null,
          ratio: null,
          oursTestNatsSd: positive,
          peerTestNatsSd: positive,
          seeds: 2,
        }),
      ]);
      expect(measurements).toMatchObject(
        ['compiled', 'pytorch'].map((engine) => ({
          engine,
          threads: 1,
          msPerStep: null,
          sampleMs: null,
          peakMemoryMiB: null,
          trainings: [
            { seed: 0, epochs: 2, testNats: positive },
            { seed: 1, epochs: 2, testNats: positive },
          ],
        })),
      );
      for (const { trainings } of measurements) {
        expect(trainings[0]!.testNats).not.toBe(trainings[1]!.testNats);
      }
    }, 120_000);

    it('lets all take as many epochs as the first could, with every seed', async () => {
      // The clock ends the first training after one of its two epochs.
      expect(await start('--engines compiled --seconds 0 --max-seconds 0.001 --seeds 3,4')).toBe(0);
      const { measurements } = await comparison();
      const epochs = measurements.map(({ trainings }) => trainings.map((training) => training.epochs));
      expect(epochs).toEqual([
        [1, 1],
        [1, 1],
      ]);
    }, 120_000);

    it('only takes times, as it is asked to', async () => {
      expect(await start('--engines compiled --max-seconds 0')).toBe(0);
      const { rows, measurements } = await comparison();
      expect(rows).toMatchObject([{ ratio: positive, oursTestNats: null, peerTestNats: null, seeds: 0 }]);
      expect(measurements.map(({ trainings }) => trainings)).toEqual([[], []]);
    }, 120_000);
  },
);

describe('dgm-bench compare without PyTorch', () => {
  it('makes rows of what there is, and says how to get the rest', async () => {
    const find = () => Promise.resolve({ missing: 'nowhere', remedy: 'install it' });
    expect(await start('--engines eager:cpu --batches 16', { find })).toBe(1);
    const { rows, machine } = await comparison();
    expect(machine).toMatchObject({ pytorch: null, python: null });
    expect(rows).toMatchObject([
      {
        engine: 'eager',
        device: 'cpu',
        batch: 16,
        oursMs: positive,
        peerMs: null,
        ratio: null,
        oursTestNats: positive,
      },
    ]);
    expect(rows[0]!.error).toBe('peer: PyTorch is not installed (install it)');
  }, 60_000);

  it('refuses what cannot be meant before it starts anything', async () => {
    await expect(start('--models vea')).rejects.toThrow('did you mean "vae"');
  });
});
