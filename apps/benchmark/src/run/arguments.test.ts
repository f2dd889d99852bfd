import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { parseRunArguments } from './arguments';

describe('parseRunArguments', () => {
  it('leaves out what the command line leaves out', () => {
    expect(parseRunArguments([])).toEqual({ out: 'out', resume: false, overwrite: false, help: false });
  });

  it('reads every option', () => {
    const line = '--models vae,arm --dataset digits --data-dir d --engine eager --device wasm --epochs 200';
    const more =
      '--header no --max-seconds 1.5 --seed -3 --out o --quick --importance-samples 7 --shard 1/4 --resume --overwrite';
    expect(parseRunArguments(`${line} ${more}`.split(' '))).toEqual({
      models: ['vae', 'arm'],
      dataset: 'digits',
      dataFolder: 'd',
      header: false,
      engine: 'eager',
      device: 'wasm',
      epochs: 200,
      maxSeconds: 1.5,
      seed: -3,
      out: 'o',
      quick: true,
      importanceSamples: 7,
      shard: { index: 1, count: 4 },
      resume: true,
      overwrite: true,
      help: false,
    });
  });

  it.each([
    [['--epochs', '0'], '--epochs to be a positive integer, got "0"'],
    [['--epochs', '-3'], '--epochs to be a positive integer, got "-3"'],
    [['--header', 'maybe'], '--header to be one of yes, no'],
    [['--epochs', '1.5'], '--epochs to be a positive integer'],
    [['--max-seconds', 'long'], '--max-seconds to be a positive number, got "long"'],
    [['--seed', ''], '--seed to be an integer'],
    [['--seed', '0.5'], '--seed to be an integer'],
    [['--shard', '5/4'], '--shard to be k/n'],
    [['--epoch', '1'], 'the option --epoch to exist; did you mean --epochs'],
    [['--epochs'], '--epochs'],
    [['--zzz'], 'see dgm-bench run --help'],
    [['more'], 'more'],
  ])('refuses %j', (argv, message) => {
    const parse = () => parseRunArguments(argv);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
  });
});
