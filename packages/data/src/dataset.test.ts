import { describe, expect, it } from 'vitest';
import { dataset, type Examples } from './dataset';

const examples = (values: readonly number[], labels?: readonly number[]): Examples => ({
  count: values.length / 2,
  shape: [2],
  values: Float32Array.from(values),
  ...(labels ? { labels: Int32Array.from(labels) } : {}),
});
const parts = { train: examples([0, 1, 2, 3]), validation: examples([1, 1]), test: examples([2, 2]) };

describe('dataset', () => {
  it('has a hash of its content and split, not of its name', () => {
    const { sha256 } = dataset({ name: 'a', ...parts });
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(dataset({ name: 'b', ...parts }).sha256).toBe(sha256);
    expect(dataset({ name: 'a', ...parts, test: parts.validation }).sha256).not.toBe(sha256);
    expect(dataset({ name: 'a', ...parts, test: examples([2, 2], [1]) }).sha256).not.toBe(sha256);
  });

  it('finds the first value outside of the support', () => {
    expect(() => dataset({ name: 'a', ...parts, test: examples([0, 1, 2, NaN]) })).toThrow(
      'dataset: expected a.test to be finite, got NaN in row 1 at entry 1',
    );
    expect(() => dataset({ name: 'a', ...parts, levels: 3 })).toThrow(
      'dataset: expected a.train to be integers from 0 to 2, got 3 in row 1 at entry 1',
    );
    expect(() => dataset({ name: 'a', ...parts, test: examples([0.5, 1]), levels: 4 })).toThrow('got 0.5');
  });

  it('refuses parts that do not fit together', () => {
    const withTest = (test: Partial<Examples>) => () =>
      dataset({ name: 'a', ...parts, test: { ...parts.test, ...test } });
    expect(withTest({ shape: [1, 2] })).toThrow('expected a.test of shape [2] each, got [1, 2]');
    expect(withTest({ count: 3 })).toThrow('expected a.test to have 3 x 2 values, got 2');
    expect(withTest({ count: 0 })).toThrow('expected a.test.values of length 0, as the count says, got 2');
    expect(withTest({ labels: Int32Array.of(1, 2) })).toThrow('expected a.test to have 1 labels, got 2');
  });

  it('needs something to learn from, and nothing else', () => {
    expect(() => dataset({ name: 'a', ...parts, train: examples([]) })).toThrow(
      'to hold at least one example',
    );
    expect(dataset({ name: 'a', ...parts, test: examples([]) }).test.count).toBe(0);
  });
});
