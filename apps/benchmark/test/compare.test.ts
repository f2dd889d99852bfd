import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compare } from '../src/compare/compare';
import { findTorch } from '../src/compare/python';
import type { Comparison } from '../src/compare/schema';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'dgm-bench-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const text = (name: string) => readFile(path.join(out, name), 'utf8');
const comparison = async () => JSON.parse(await text('compare.json')) as Comparison;
const line = '--models vae --quick --seconds 0.1 --max-seconds 60 --threads 1';
const start = (more: string, sources: Parameters<typeof compare>[1] = {}) =>
  compare([...`${line} ${more}`.split(' '), '--out', out], sources);

const positive = expect.toSatisfy((value) => typeof value === 'number' && value > 0);
const torch = await findTorch();
const title = 'dgm-bench compare';

describe.skipIf('missing' in torch)(
  'missing' in torch ? `${title} (no PyTorch on this machine)` : title,
  () => {
    it('writes a row for our engine against PyTorch, and trains both to the same quality', async () => {
      expect(await start('--engines compiled')).toBe(0);
      const { schema, command, machine, rows, measurements, ...more } = await comparison();
      expect({ schema, more }).toEqual({
        schema: 1,
        more: { dataset: expect.objectContaining({ name: 'glyphs' }) },
      });
      expect(command).toBe(
        'npm run bench -- compare --models vae --dataset glyphs --threads 1 --engines compiled --seconds 0.1 --max-seconds 60 --seed 0 --quick --out DIR',
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
        ],
      ]);
      expect(rows).toEqual([
        {
          model: 'vae',
          engine: 'compiled',
          device: 'cpu',
          batch: 64,
          setting: 'one-thread',
          oursMs: positive,
          peerMs: positive,
          ratio: positive,
          oursThreads: 1,
          peerThreads: 1,
          oursTestNats: positive,
          peerTestNats: positive,
          oursSampleMs: positive,
          peerSampleMs: positive,
          roofline: positive,
        },
      ]);
      for (const { ratio, oursMs, peerMs } of rows) expect(ratio).toBeCloseTo(peerMs! / oursMs!, 2);
      for (const { engine, parameters, training } of measurements) {
        expect(parameters, engine).toBe(measurements[0]!.parameters);
        expect(training).toMatchObject({ epochs: 2, steps: 8, secondsToTarget: positive });
      }
      // Two epochs from the same initialization and by the same protocol: nearly the same model.
      expect(Math.abs(rows[0]!.oursTestNats! - rows[0]!.peerTestNats!)).toBeLessThan(4);
      expect(await text('compare.html')).toContain('as fast as PyTorch');
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
    await expect(start('--models vea')).rejects.toThrow('--models to be one of all, ');
  });
});
