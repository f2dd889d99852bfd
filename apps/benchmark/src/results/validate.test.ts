import { readFileSync } from 'node:fs';
import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { madeUpComparison } from '../../test/fixtures/comparison';
import { isScore } from './schema';
import { comparisonSchema, resultsSchema, validated } from './validate';

const committed = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../results/${name}.json`, import.meta.url), 'utf8'));

it.each([
  ['digits', resultsSchema],
  ['binarized-digits', resultsSchema],
  ['binarized-mnist-10k', resultsSchema],
  ['compare', comparisonSchema],
  ['compare-mnist-10k', comparisonSchema],
  ['quality', comparisonSchema],
] as const)('accepts the committed %s.json as it is', (name, schema) => {
  const value = committed(name);
  expect(validated<unknown>(schema, value, name)).toEqual(value);
});

it('reads comparisons in which other sizes are called a sweep', () => {
  const { sizes, ...comparison } = madeUpComparison();
  const older = { ...comparison, command: `${comparison.command} --sweep`, sweep: sizes };
  expect(sizes).not.toEqual([]);
  expect(validated(comparisonSchema, older, 'compare.json')).toEqual({
    ...comparison,
    command: `${comparison.command} --sizes`,
    sizes,
  });
});

describe('results of somebody else', () => {
  /** The committed results with one field changed. */
  function changed(path: string, value: unknown): unknown {
    const results = structuredClone(committed('digits')) as { runs: unknown[] };
    const whole = { ...results, runs: results.runs.slice(0, 1) };
    const keys = path.split('.');
    const last = keys.pop()!;
    const owner = keys.reduce<Record<string, unknown>>(
      (object, key) => (object[key] ??= {}) as Record<string, unknown>,
      whole as Record<string, unknown>,
    );
    owner[last] = value;
    return whole;
  }

  it.each([
    ['schema', 2],
    ['schema', undefined],
    ['runs', {}],
    ['runs.0', null],
    ['runs.0.samples', '../../../../etc/passwd'],
    ['runs.0.samples', '/dev/zero'],
    ['runs.0.samples', '.plan.png'],
    ['runs.0.samples', 'samples.html'],
    ['runs.0.extra.reconstructions', '..\\secret.png'],
    ['runs.0.extra.density', 'folder/density.png'],
    ['runs.0.extra.pictures', { grid: '/etc/shadow.png' }],
    ['runs.0.extra.latentMap', '../map.json'],
    ['runs.0.test', { nats: '1' }],
    ['runs.0.curve', [[1, 2]]],
    ['runs.0.curves', [{ name: 'x', points: [] }]],
    ['runs.0.metrics', { fid: { value: 'low' } }],
    ['runs.0.curve', Array.from({ length: 100_001 }, (_, epoch) => ({ epoch, train: 1, validation: 1 }))],
    ['runs.0.extra.deep', JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown],
    ['runs.0.test.nats', -Infinity],
    ['dataset.train', -1],
    ['machine.cores', 'many'],
  ])('are refused for another %s', (path, value) => {
    const read = () => validated(resultsSchema, changed(path, value), 'results.json');
    expect(read).toThrow('dgm-bench: expected results.json to be a file of this program');
    expect(read).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'serialization')));
  });

  it.each([0, -1])('are refused for a ratio of %d', (ratio) => {
    const comparison = structuredClone(committed('compare')) as { rows: { ratio: number }[] };
    comparison.rows[0]!.ratio = ratio;
    expect(() => validated(comparisonSchema, comparison, 'compare.json')).toThrow('must be positive');
  });

  it('may have a likelihood that is an estimate, as that of an energy-based model', () => {
    const value = changed('runs.0.test.kind', 'estimate');
    expect(validated<unknown>(resultsSchema, value, 'results.json')).toEqual(value);
  });

  it('may have numbers of their own, which count as a likelihood only where they are one', () => {
    expect(isScore({ nats: 1, bitsPerDim: 2, kind: 'exact', standardError: null })).toBe(true);
    expect(isScore({ nats: '1', kind: 'importance-sampled' })).toBe(false);
    expect(isScore({ nats: 1, kind: 'importance-sampled', standardError: [] })).toBe(false);
  });

  it('may have curves of any quantity, metrics, and no likelihood', () => {
    const value = changed('runs.0.curves', [
      {
        name: 'rate-distortion',
        x: { name: 'rate', unit: 'bits per dimension' },
        y: { name: 'distortion' },
        points: [[0.5, 12]],
      },
    ]) as { runs: Record<string, unknown>[] };
    value.runs[0]!['metrics'] = { 'kernel distance': { value: 0.1, standardError: null, better: 'lower' } };
    value.runs[0]!['test'] = null;
    expect(validated<unknown>(resultsSchema, value, 'results.json')).toEqual(value);
  });
});
