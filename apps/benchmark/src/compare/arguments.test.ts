import { availableParallelism } from 'node:os';
import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { compareCommand, parseCompareArguments, resumeArguments } from './arguments';

describe('parseCompareArguments', () => {
  it('compares every model on one and on all threads', () => {
    expect(parseCompareArguments([])).toEqual({
      models: ['all'],
      dataset: 'glyphs',
      threads: [...new Set([1, availableParallelism()])],
      engines: [
        { engine: 'eager', device: 'auto' },
        { engine: 'compiled', device: 'cpu' },
      ],
      peers: ['pytorch'],
      seconds: 3,
      maxSeconds: 5,
      seeds: [0],
      quick: false,
      sizes: false,
      out: 'out',
      resume: false,
      overwrite: false,
      help: false,
    });
  });

  const line =
    '--models vae,arm --dataset digits --data-dir d --batches 64,256 --threads 1,4 --engines eager:wasm,compiled,compiled:webgpu --peers pytorch,jax';
  const more = '--seconds 2.5 --max-seconds 30 --seeds=-1,2 --quick --sizes --shard 2/3 --out o --resume';
  const given = parseCompareArguments(`${line} ${more}`.split(' '));

  it('reads every option', () => {
    expect(given).toEqual({
      models: ['vae', 'arm'],
      dataset: 'digits',
      dataFolder: 'd',
      batches: [64, 256],
      threads: [1, 4],
      engines: [
        { engine: 'eager', device: 'wasm' },
        { engine: 'compiled', device: 'cpu' },
        { engine: 'compiled', device: 'webgpu' },
      ],
      peers: ['pytorch', 'jax'],
      seconds: 2.5,
      maxSeconds: 30,
      seeds: [-1, 2],
      quick: true,
      sizes: true,
      shard: { index: 2, count: 3 },
      out: 'o',
      resume: true,
      overwrite: false,
      help: false,
    });
  });

  it('takes all peers', () => {
    expect(parseCompareArguments(['--peers', 'all']).peers).toHaveLength(4);
  });

  it('writes the command that means the same, without folders', () => {
    const [, words] = compareCommand(given).split('compare ');
    const meant = { ...given, dataFolder: 'DIR', out: 'DIR', resume: false };
    expect(parseCompareArguments(words!.split(' '))).toEqual(meant);
  });

  it('goes on with what a command asked for, wherever the data and the results are now', () => {
    const command = compareCommand(given);
    const resumed = resumeArguments(command, ['--resume', '--out', 'o', '--data-dir', 'd']);
    expect(resumed).toEqual(given);
    expect(resumeArguments(command, ['--resume']).dataFolder).toBeUndefined();
    expect(() => resumeArguments(command, ['--resume', '--seeds', '3'])).toThrow('comparison to go on with');
  });

  it.each([
    [['--batches', '64,0'], '--batches to be a positive integer, got "0"'],
    [['--threads', ''], '--threads to be a positive integer, got ""'],
    [['--engines', 'eager,fast'], 'compiled:webgpu, compiled:cuda separated by commas, got "fast"'],
    [['--engines', 'compiled:wasm'], 'got "compiled:wasm"'],
    [['--peers', 'pytorch,numpy'], 'pytorch-compile, jax, all separated by commas, got "pytorch,numpy"'],
    [['--peers', ''], '--peers to be names'],
    [['--shard', '3/2'], '--shard to be k/n'],
    [['--seconds', 'long'], '--seconds to be 0 or a positive number'],
    [['--max-seconds', '-1'], '--max-seconds to be 0 or a positive number'],
    [['--max-seconds=-1'], '--max-seconds to be 0 or a positive number'],
    [['--seconds', '0', '--max-seconds', '0'], 'to leave something to do'],
    [['--seconds', '0', '--sizes'], '--seconds to be positive with --sizes'],
    [['--seeds', '0,1,0'], '--seeds to differ'],
    [['--seeds', '0,'], '--seeds to be an integer, got ""'],
    [['--seeds', '0.5'], '--seeds to be an integer'],
    [['--batch', '1'], 'did you mean --batches'],
    [['--seed', '1'], 'did you mean --seeds'],
  ])('refuses %j', (argv, message) => {
    const parse = () => parseCompareArguments(argv);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
  });
});
