import { describe, expect, it } from 'vitest';
import { madeUpReport } from '../../test/fixtures/results';
import { stringifyResults } from './json';

describe('stringifyResults', () => {
  const { results } = madeUpReport();

  it('keeps every value', () => {
    expect(JSON.parse(stringifyResults(results))).toEqual(results);
  });

  it('writes what is not a finite number as null', () => {
    const run = { ...results.runs[0]!, sampleSeconds: Number.NaN, trainSeconds: Infinity };
    const text = stringifyResults({ ...results, runs: [run] });
    expect(JSON.parse(text).runs[0]).toEqual({ ...run, sampleSeconds: null, trainSeconds: null });
  });

  it('is not misled by braces and line breaks inside strings', () => {
    const failures = [{ model: '{', package: '}\n  {', error: '{\n "a":   1 }' }];
    expect(JSON.parse(stringifyResults({ ...results, failures })).failures).toEqual(failures);
  });

  it('writes each point of a curve on one line', () => {
    expect(stringifyResults(results)).toMatch(
      /^ +\{ "epoch": 133, "train": [\d.]+, "validation": [\d.]+ \}$/m,
    );
  });
});
