import { availableParallelism } from 'node:os';
import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { compareCommand, parseCompareArguments } from './arguments';

describe('parseCompareArguments', () => {
  it('compares every model on one and on all threads', () => {
    expect(parseCompareArguments([])).toEqual({
      models: ['all'],
      dataset: 'glyphs',
      threads: [...new Set([1, availableParallelism()])],
      engines: ['eager', 'compiled'],
      device: 'auto',
      seconds: 10,
      maxSeconds: 120,
      seed: 0,
      quick: false,
      sweep: false,
      out: 'out',
      help: false,
    });
  });

  const line =
    '--models vae,arm --dataset digits --data-dir d --batches 64,256 --threads 1,4 --engines compiled --device wasm';
  const more = '--seconds 2.5 --max-seconds 30 --seed=-1 --quick --sweep --out o';
  const given = parseCompareArguments(`${line} ${more}`.split(' '));

  it('reads every option', () => {
    expect(given).toEqual({
      models: ['vae', 'arm'],
      dataset: 'digits',
      dataFolder: 'd',
      batches: [64, 256],
      threads: [1, 4],
      engines: ['compiled'],
      device: 'wasm',
      seconds: 2.5,
      maxSeconds: 30,
      seed: -1,
      quick: true,
      sweep: true,
      out: 'o',
      help: false,
    });
  });

  it('writes the command that means the same, without folders', () => {
    const [, words] = compareCommand(given).split('compare ');
    expect(parseCompareArguments(words!.split(' '))).toEqual({ ...given, dataFolder: 'DIR', out: 'DIR' });
  });

  it.each([
    [['--batches', '64,0'], '--batches to be a positive integer, got "0"'],
    [['--threads', ''], '--threads to be a positive integer, got ""'],
    [['--engines', 'eager,fast'], '--engines to be eager, compiled or both with a comma between, got "fast"'],
    [['--seconds', 'long'], '--seconds to be a positive number'],
    [['--seed', '0.5'], '--seed to be an integer'],
    [['--batch', '1'], "Unknown option '--batch'"],
  ])('refuses %j', (argv, message) => {
    const parse = () => parseCompareArguments(argv);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
  });
});
