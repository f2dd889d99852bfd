import { describe, expect, it } from 'vitest';
import { parseRunArguments } from './arguments';
import { commandFor, makePlan, resumePlan } from './plan';

const plan = (line: string) => makePlan(parseRunArguments(line === '' ? [] : line.split(' ')));

describe('makePlan', () => {
  it('trains the flagships for a bounded time on glyphs by default', () => {
    expect(plan('')).toEqual({
      models: ['flagships'],
      dataset: 'glyphs',
      engine: 'auto',
      device: 'auto',
      maxSeconds: 15,
      seed: 0,
      quick: false,
      importanceSamples: 50,
    });
  });

  it.each([
    ['--epochs 200', { epochs: 200 }],
    ['--epochs 200 --max-seconds 5', { epochs: 200, maxSeconds: 5 }],
    ['--max-seconds 5', { maxSeconds: 5 }],
    ['--max-seconds 5 --importance-samples 9', { maxSeconds: 5, importanceSamples: 9 }],
    ['--quick', { epochs: 2, quick: true }],
    ['--quick --epochs 3', { epochs: 3, quick: true }],
  ])('bounds the training of %s as it says, and no further', (line, expected) => {
    const { epochs, maxSeconds, quick, importanceSamples } = plan(line);
    expect({ epochs, maxSeconds, quick, importanceSamples }).toEqual({
      epochs: undefined,
      maxSeconds: undefined,
      quick: false,
      importanceSamples: undefined,
      ...expected,
    });
  });
});

describe('resumePlan', () => {
  const saved = plan('--models vae --epochs 7 --seed 3 --shard 1/2');

  it('takes every option from the interrupted run', () => {
    expect(resumePlan(saved, parseRunArguments(['--resume']))).toEqual(saved);
  });

  it('lets the same options be given again, and the data lie elsewhere', () => {
    const again = parseRunArguments(
      '--resume --models vae --epochs 7 --seed 3 --shard 1/2 --data-dir there'.split(' '),
    );
    expect(resumePlan(saved, again)).toEqual({ ...saved, dataFolder: 'there' });
  });

  it.each([
    ['--epochs 8', '--epochs to be 7, as in the run to go on with, got 8'],
    ['--models vae,arm', '--models to be vae'],
    ['--max-seconds 5', '--max-seconds to be left out'],
    ['--shard 2/2', '--shard to be 1/2, as in the run to go on with, got 2/2'],
  ])('refuses %s', (line, message) => {
    expect(() => resumePlan(saved, parseRunArguments(line.split(' ')))).toThrow(message);
  });
});

describe('commandFor', () => {
  it.each([
    '',
    '--epochs 7 --seed=-3',
    '--quick',
    '--max-seconds 5 --engine eager --device cpu --dataset digits',
  ])('gives a command that makes the same plan: %s', (line) => {
    const command = commandFor('vae', plan(line));
    const [start, options] = command.split(' -- ') as [string, string];
    expect(start).toBe('npm run bench');
    expect(plan(options)).toEqual({ ...plan(line), models: ['vae'] });
  });

  it('names no folder of this machine', () => {
    const command = commandFor(
      'vae',
      plan('--dataset digits --data-dir /home/somebody/data --out /tmp/there'),
    );
    expect(command).toBe(
      'npm run bench -- --models vae --dataset digits --data-dir DIR --max-seconds 15 --seed 0 --importance-samples 50',
    );
  });
});
