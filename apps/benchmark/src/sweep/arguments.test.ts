import { describe, expect, it } from 'vitest';
import { argumentsOfSweep, parseSweepArguments, sweepCommandOf } from './arguments';

const parse = (line: string) => parseSweepArguments(line.split(' '));
const line =
  'learningRate=0.0001..0.01 width=16,32 --random 5 --models vae,arm-made --seeds=-1,2 --dataset csv --data-dir d --header yes --epochs 7 --max-seconds 2.5 --engine eager --device wasm --shard 2/3 --out o --resume';

describe('the command line of a sweep', () => {
  it('reads every option', () => {
    expect(parse(line)).toEqual({
      space: new Map<string, unknown>([
        ['learningRate', { min: 0.0001, max: 0.01 }],
        ['width', [16, 32]],
      ]),
      random: 5,
      models: ['vae', 'arm-made'],
      seeds: [-1, 2],
      dataset: 'csv',
      dataFolder: 'd',
      header: true,
      epochs: 7,
      maxSeconds: 2.5,
      quick: false,
      engine: 'eager',
      device: 'wasm',
      shard: { index: 2, count: 3 },
      out: 'o',
      resume: true,
      overwrite: false,
      help: false,
    });
  });

  it('is told from the command in the results, with or without itself', () => {
    const given = parse(line);
    const command = sweepCommandOf(given);
    const withoutFolders = parse(line.replace(/ --data-dir d| --out o --resume/g, ''));
    expect(argumentsOfSweep(command)).toEqual(withoutFolders);
    expect(argumentsOfSweep(command, line.split(' '))).toEqual(given);
    expect(argumentsOfSweep(command, ['--resume', '--data-dir', 'other'])).toMatchObject({
      dataFolder: 'other',
      space: given.space,
    });
  });

  it.each([
    ['--resume --seeds 3', '--seeds=-1,2 --dataset'],
    ['width=16 --random 5 --resume', 'to be those of the sweep to go on with'],
  ])('refuses to go on with another sweep: %s', (other, message) => {
    expect(() => argumentsOfSweep(sweepCommandOf(parse(line)), other.split(' '))).toThrow(message);
  });

  it.each([
    ['--models vae', 'expected NAME=VALUES to be at least one hyperparameter'],
    ['width=8..16', 'to be a list of values without --random, got a range; add --random NUMBER'],
    ['width=8 --seeds 1,1', '--seeds to differ'],
    ['width=8 --modles vae', 'did you mean --models'],
    ['width=8 --random 0', '--random to be a positive integer'],
    ['width=8 --shard 3/2', '--shard to be k/n'],
  ])('refuses %s', (wrong, message) => {
    expect(() => parse(wrong)).toThrow(message);
  });
});
