import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Comparison, ComparisonRow } from '../results/comparison';
import { againstPyTorch } from '../readme/against-pytorch';
import { qualitySentence, qualityTable } from './quality-table';

const comparison = JSON.parse(
  readFileSync(new URL('../../test/fixtures/quality.json', import.meta.url), 'utf8'),
) as Comparison;

/** The same with other numbers in the first row. */
function withFirst(more: Partial<ComparisonRow>): Comparison {
  const [first, ...rest] = comparison.rows as [ComparisonRow, ...ComparisonRow[]];
  return { ...comparison, rows: [{ ...first, ...more }, ...rest] };
}

describe('the quality against PyTorch', () => {
  it('is a table with a line for each model', () => {
    const lines = qualityTable(comparison).split('\n');
    // By SciPy: the half widths are stats.t.ppf(0.975, degrees) times the standard error, for 1.0696 and 1.5446 degrees.
    expect(lines.slice(-2)).toEqual([
      '| `vae` | 2 | 177.29 ± 0.64 | 178.16 ± 0.12 | −0.86 ± 5.05 | equal |',
      '| `arm-made` | 2 | 179.84 ± 0.16 | 180.04 ± 0.08 | −0.20 ± 0.73 | equal |',
    ]);
    expect(lines[0]).toBe('### Quality against PyTorch');
  });

  it('shows when the two sides stopped, and no verdict where there is none', () => {
    const measurements = comparison.measurements.map((measurement) => ({
      ...measurement,
      trainings: measurement.trainings.map((training) => ({
        ...training,
        epochs: training.epochs + (measurement.engine === 'pytorch' ? 2 * training.seed : 0),
      })),
    }));
    const missing = { peerTestNats: null, peerTestNatsSd: null };
    expect(qualityTable({ ...withFirst(missing), measurements })).toContain(
      '| `vae` | 2 / 3 | 177.29 ± 0.64 | – | – | – |',
    );
  });

  it('is told in one sentence', () => {
    const told = (more: Partial<ComparisonRow>) => qualitySentence(withFirst(more));
    expect(told({})).toMatch(
      /^Over 2 seeds the likelihoods of 2 of 2 models cannot be told apart from PyTorch's \(better: 0, worse: 0\);/,
    );
    expect(told({ oursTestNats: 100 })).toContain(
      "1 of 2 models cannot be told apart from PyTorch's (better: 1",
    );
    expect(told({ oursTestNats: 300 })).toContain('(better: 0, worse: 1)');
    expect(told({ oursTestNats: null, oursTestNatsSd: null })).toContain('1 of 1 models');
  });

  it('stands beside the times in the README of the repository', () => {
    const timed = withFirst({ setting: 'fastest', ratio: 2 });
    expect(againstPyTorch(timed)).not.toContain('seeds');
    expect(againstPyTorch(timed, comparison)).toContain(
      `\n\n${qualitySentence(comparison)} [Model by model]`,
    );
  });

  it('counts a training once, whatever the settings', () => {
    const twice = comparison.rows.flatMap((row) => [row, { ...row, setting: 'fastest' as const }]);
    expect(qualityTable({ ...comparison, rows: twice })).toBe(qualityTable(comparison));
  });
});
