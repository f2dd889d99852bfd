import { DgmError } from '@dgm/core';
import { expect, it } from 'vitest';
import { CommandLine, integer } from './command-line';

const commandLine = new CommandLine({
  name: 'weigh',
  summary: 'Weighs things.',
  usage: 'weigh [options]',
  options: {
    scale: { type: 'string', value: 'NAME', default: 'kitchen', help: 'which scale' },
    seed: { type: 'string', value: 'INTEGER', help: 'decides the order' },
    quick: { type: 'boolean', help: 'weighs half' },
  },
  groups: { What: ['scale', 'seed'], How: ['quick'] },
  notes: 'The exit status is 0.',
});

it('explains itself by the description that it reads arguments with', () => {
  expect(commandLine.help).toBe(
    [
      'Weighs things.',
      '  npm run bench -- weigh [options]',
      'What\n  --scale NAME            which scale (default kitchen)\n  --seed INTEGER          decides the order',
      'How\n  --quick                 weighs half\n  -h, --help              print this',
      'The exit status is 0.',
    ].join('\n\n'),
  );
});

it('reads options, with their defaults', () => {
  expect(commandLine.parse(['--seed=-3', '--quick']).values).toEqual({
    scale: 'kitchen',
    seed: '-3',
    quick: true,
    help: false,
  });
});

it.each([
  [() => commandLine.parse(['--quik']), 'did you mean --quick'],
  [() => commandLine.parse(['--zebra']), 'see dgm-bench weigh --help'],
  [() => commandLine.parse(['word']), 'see dgm-bench weigh --help'],
  [() => commandLine.number('1.5', '--seed', integer), 'expected --seed to be an integer, got "1.5"'],
  [() => commandLine.oneOf('kitchn', '--scale', ['kitchen', 'bath']), 'did you mean "kitchen"'],
])('refuses by name: %s', (act, message) => {
  expect(act).toThrow(message);
  expect(act).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
});
