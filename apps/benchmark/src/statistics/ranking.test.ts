import { expect, it } from 'vitest';
import type { Trial, TrialResult } from '../results/sweep';
import { rankSettings } from './ranking';

const trial = (number: number, model: string, width: number, validation: number | undefined): Trial => ({
  number,
  model,
  settings: { width },
  seed: number,
  ...(validation === undefined ? { error: 'diverged' } : { result: { validation } as TrialResult }),
});

it('ranks the settings of each model by the mean over the seeds, and those that failed last', () => {
  const ranked = rankSettings({
    trials: [
      trial(1, 'a', 8, 10),
      trial(2, 'a', 8, 12),
      trial(3, 'a', 16, 1),
      trial(4, 'a', 16, undefined),
      trial(5, 'a', 32, 9),
      trial(6, 'a', 32, 9),
      trial(7, 'b', 8, 3),
    ],
  });
  const shown = (model: string) =>
    ranked
      .get(model)!
      .map(({ settings, validation, standardError, trials }) => [
        settings['width'],
        validation,
        standardError,
        trials.length,
      ]);
  expect([...ranked.keys()]).toEqual(['a', 'b']);
  expect(shown('a')).toEqual([
    [32, 9, 0, 2],
    [8, 11, 1, 2],
    [16, null, null, 2],
  ]);
  expect(shown('b')).toEqual([[8, 3, null, 1]]);
});
