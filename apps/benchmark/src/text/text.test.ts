import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { finiteMemory } from '@dgm/arm';
import { categoricalHead, Key } from '@dgm/core';
import { text as loadText } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseTextArguments } from './arguments';
import { compressedSize, compressors } from './compressors';
import { scoreText } from './score-text';
import { text } from './text';
import type { TextResults } from './text-report';

/** A licence that every installation has. */
const licence = path.join(
  path.dirname(createRequire(import.meta.url).resolve('typescript')),
  '..',
  'LICENSE.txt',
);
const key = Key.of(0);

describe('scoreText', () => {
  const likelihood = categoricalHead({ shape: [], levels: 5 });
  const values = Int32Array.from({ length: 24 }, (_, at) => (at * at) % 5);

  it('counts each character once: with one window it is the likelihood', () => {
    const model = finiteMemory({ shape: [24], likelihood, key, memory: 3 });
    const nats = tf.tidy(() => model.logProb(tf.tensor2d(Float32Array.from(values), [1, 24])).dataSync()[0]!);
    expect(scoreText(model, values, { likelihood })).toBeCloseTo(-nats / Math.LN2 / 24, 5);
    model.dispose();
  });

  it.each([4, 6, 8, 12])(
    'gives what a model of the whole text gives, if the memory fits into half of %i',
    (length) => {
      // A memory of 2 sees no further back than half a window, wherever the window begins.
      const [short, whole] = [length, 24].map((size) =>
        finiteMemory({ shape: [size], likelihood, key, memory: 2 }),
      );
      const expected = scoreText(whole!, values, { likelihood });
      expect(scoreText(short!, values, { likelihood, batchSize: 3 })).toBeCloseTo(expected, 5);
      short!.dispose();
      whole!.dispose();
    },
  );

  it('refuses a part of a window', () => {
    const model = finiteMemory({ shape: [5], likelihood, key, memory: 2 });
    expect(() => scoreText(model, values, { likelihood })).toThrow('windows of 5');
    model.dispose();
  });
});

describe('compressedSize', () => {
  const words = Array.from({ length: 400 }, (_, at) => `word${(at * 7919) % 101} `);
  const [before, after] = [words.slice(0, 300).join(''), words.slice(300).join('')];

  it('is that of the bytes, by the character', () => {
    const gzip = compressors.find(({ name }) => name.startsWith('gzip'))!;
    const { alone } = compressedSize(gzip, 'äöü'.repeat(50), '');
    expect(alone).toBe((8 * gzipSync(Buffer.from('äöü'.repeat(50)), { level: 9 }).length) / 150);
    expect(gunzipSync(gzip.compress(Buffer.from(before))!).toString()).toBe(before);
  });

  it.each(compressors.map((each) => [each.name, each] as const))(
    '%s takes less after a text like it',
    (_, each) => {
      const size = compressedSize(each, after, before);
      if (size.alone === null) return; // xz need not be installed; the table says so
      expect(size.after).toBeLessThan(0.8 * size.alone);
    },
  );

  it('is nothing where the program is not installed', () => {
    const absent = { name: 'absent', compress: () => undefined };
    expect(compressedSize(absent, 'a', 'b')).toEqual({ name: 'absent', alone: null, after: null });
  });
});

describe('dgm-bench text', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dgm-text-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const printed = async (...argv: string[]): Promise<string> => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    expect(await text(argv)).toBe(0);
    const lines = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    return lines.join('\n');
  };

  it('puts a model beside the compressors, on a licence that is always there', async () => {
    const out = path.join(folder, 'report');
    const output = await printed(
      licence,
      '--out',
      out,
      '--hidden',
      '16',
      '--length',
      '32',
      '--epochs',
      '2',
      '--max-seconds',
      '600',
    );
    const { test, levels } = await loadText(licence, { length: 32 });
    expect(output).toContain(`${test.values.length} held out, ${levels} different ones`);
    const bits = Number(/^gru +– +([\d.]+)$/m.exec(output)![1]);
    expect(bits).toBeGreaterThan(0);
    expect(bits).toBeLessThan(Math.log2(levels!) + 0.5);
    expect(output).toMatch(/^gzip -9 +\d\.\d{3} +\d\.\d{3}$/m);
    expect(output).toMatch(/^brotli -q 11 +\d\.\d{3} +\d\.\d{3}$/m);
    expect(output).toMatch(/^xz -9e +(\d\.\d{3} +\d\.\d{3}|not installed +not installed)$/m);

    const saved = JSON.parse(await readFile(path.join(out, 'text.json'), 'utf8')) as TextResults;
    expect(saved.bits.toFixed(3)).toBe(bits.toFixed(3));
    expect(saved.curve.map(([epoch]) => epoch)).toEqual([1, 2]);
    expect(saved.curve[1]![1]).toBeLessThan(saved.curve[0]![1]);
    const page = await readFile(path.join(out, 'report.html'), 'utf8');
    expect(page).toContain(saved.bits.toFixed(3));
    expect(page).toContain('brotli -q 11');
    await expect(text([licence, '--out', out])).rejects.toThrow('--overwrite replaces it');
  });

  it('learns a text that repeats itself, better than gzip by itself', async () => {
    const file = path.join(folder, 'song.txt');
    await writeFile(file, 'the wheels on the bus go round and round; '.repeat(60));
    const options = ['--hidden', '32', '--length', '16', '--epochs', '40', '--max-seconds', '600'];
    const output = await printed(file, ...options);
    const [, bits] = /^gru +– +([\d.]+)$/m.exec(output)!;
    const [, alone] = /^gzip -9 +(\d\.\d{3})/m.exec(output)!;
    expect(Number(bits)).toBeLessThan(Number(alone));
  });

  it('gives a bound for a masked diffusion', async () => {
    const file = path.join(folder, 'scale.txt');
    await writeFile(file, 'do re mi fa so la ti '.repeat(60));
    const options = [
      '--model',
      'masked',
      '--hidden',
      '16',
      '--length',
      '21',
      '--epochs',
      '4',
      '--max-seconds',
      '600',
    ];
    const bits = Number(/^masked +– +([\d.]+)$/m.exec(await printed(file, ...options))![1]);
    expect(bits).toBeGreaterThan(0.5);
    expect(bits).toBeLessThan(Math.log2(12));
  });

  it('explains itself, and says what is wrong with a command', async () => {
    expect(await printed('--help')).toContain('--max-seconds');
    expect(() => parseTextArguments([])).toThrow('one text file');
    expect(() => parseTextArguments(['a.txt', '--model', 'bigram'])).toThrow('gru, lstm');
    expect(() => parseTextArguments(['a.txt', '--length', '0'])).toThrow('--length');
    await expect(text([path.join(folder, 'absent.txt')])).rejects.toThrow('absent.txt');
  });
});
