import { describe, expect, it } from 'vitest';
import { madeUpReport } from '../../test/fixtures/results';
import { textTable } from './results-text';

describe('textTable', () => {
  it('puts models and baselines in one order, and names what failed', () => {
    const { results, baselines } = madeUpReport();
    const lines = textTable(results, baselines).split('\n');
    const firstCells = lines.map((line) => line.split(/ {2,}/)[0]);
    expect(firstCells.slice(2)).toEqual([
      'arm',
      'vae',
      '(independent pixels)',
      '(uniform)',
      'gan',
      '<b>&"broken"',
      'flow',
    ]);
    expect(lines[3]).toMatch(/≤ 96\.40 ± 0\.52 +2\.173 +bound \(ELBO\) +14\.20 +41\.3$/);
    expect(lines[8]).toMatch(/ failed$/);
  });
});
