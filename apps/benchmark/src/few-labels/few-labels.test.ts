import { compiled } from '@dgm/compile';
import { Key } from '@dgm/core';
import { dataset } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { fewLabels } from './few-labels';
import { m1Error, m1m2Error, m2Error, pseudoLabelError } from './methods';

/** Bits whose first four write the class. */
const [COUNT, ENTRIES] = [30, 6];
const labels = Int32Array.from({ length: COUNT }, (_, row) => row % 10);
const values = Uint8Array.from({ length: COUNT * ENTRIES }, (_, at) => {
  const [row, entry] = [Math.floor(at / ENTRIES), at % ENTRIES];
  return entry < 4 ? (labels[row]! >> entry) & 1 : Number(row * entry * 7 > 5 * COUNT) % 2;
});
const examples = { count: COUNT, shape: [ENTRIES], values, labels };
const images = dataset({ name: 'bits', train: examples, validation: examples, test: examples, levels: 2 });

it.each(Object.entries({ m1Error, m2Error, m1m2Error, pseudoLabelError }))(
  '%s learns from some labels, and frees what it made',
  async (_, method) => {
    const before = tf.memory().numTensors;
    const options = { labelled: 20, key: Key.of(0), engine: compiled(), epochs: 1 };
    const error = await method(images, options);
    expect(error).toBeGreaterThanOrEqual(0);
    expect(error).toBeLessThanOrEqual(1);
    expect(tf.memory().numTensors).toBe(before);
  },
);

it('prints the errors of the methods over the seeds', async () => {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const argv = ['--quick', '--methods', 'm1', '--epochs', '1', '--labelled', '50', '--seeds', '0,1'];
  expect(await fewLabels([...argv, '--engine', 'compiled'])).toBe(0);
  log.mockRestore();
  expect(lines.join('\n')).toMatch(
    /glyphs: 50 of 256 rows with a label\nm1 +[\d.]+ ± [\d.]+ % {2}\([\d.]+ [\d.]+\)/,
  );
});

it('has the convolutional network beside, which sees images', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const argv = ['--quick', '--methods', 'convolutional', '--labelled', '10', '--engine', 'compiled'];
  expect(await fewLabels(argv)).toBe(0);
  expect(log.mock.lastCall![0]).toMatch(/^convolutional +[\d.]+ %/);
  log.mockRestore();
});

it('refuses methods that it does not know, and data without labels', async () => {
  await expect(fewLabels(['--methods', 'm3'])).rejects.toThrow('m1-m2');
  await expect(fewLabels(['--dataset', 'two-moons'])).rejects.toThrow('to be labelled images');
});
