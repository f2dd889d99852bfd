import { expect, it } from 'vitest';
import type { Comparison, ComparisonRow } from '../results/comparison';
import { againstPyTorch } from './against-pytorch';

it('takes the mean over the fastest rows of the compiled engine that have a ratio', () => {
  const row = (model: string, ratio: number | null, more: Partial<ComparisonRow> = {}) =>
    ({ model, ratio, engine: 'compiled', setting: 'fastest', ...more }) as ComparisonRow;
  const text = againstPyTorch({
    dataset: { name: 'digits' },
    machine: { pytorch: '9.9' },
    rows: [
      row('a', 4),
      row('b', 0.25),
      row('c', 1),
      row('no peer', null),
      row('a', 100, { setting: 'one-thread' }),
      row('a', 100, { engine: 'eager' }),
    ],
  } as unknown as Comparison);
  expect(text).toContain('1.00 times as fast as PyTorch 9.9 in the geometric mean of\n3 models');
  expect(text).toContain('from 0.25 times for `b` to 4.00 times for `a`');
});
