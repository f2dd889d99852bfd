import { readFileSync } from 'node:fs';
import { DgmError, Key } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { boostedClassifier, boostedRegressor } from './boosting';
import { twoSampleTest } from './two-sample';

interface Golden {
  readonly columns: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly scores: readonly number[];
  readonly values: readonly number[];
  readonly predictions: readonly number[];
}

const file = new URL('../../test/golden/boosting.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;
const columns = golden.columns.map((column) => Float64Array.from(column));

describe('boostedClassifier', () => {
  it("gives the log-odds of scikit-learn's boosted trees", () => {
    const classifier = boostedClassifier(columns, Uint8Array.from(golden.labels), { trees: 60 });
    const errors = [...classifier.scores(columns)].map((score, row) => Math.abs(score - golden.scores[row]!));
    expect(Math.max(...errors)).toBeLessThan(1e-3);
  });

  it('refuses one class, rows without labels, and options that are none', () => {
    const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));
    const one = [Float64Array.of(1, 2, 3)];
    expect(() => boostedClassifier(one, Uint8Array.of(1, 1, 1))).toThrow(isArgumentError);
    expect(() => boostedClassifier(one, Uint8Array.of(1, 0))).toThrow(isArgumentError);
    expect(() => boostedClassifier(one, Uint8Array.of(1, 0, 1), { tree: 3 } as object)).toThrow(
      isArgumentError,
    );
  });
});

describe('boostedRegressor', () => {
  it("gives the numbers of scikit-learn's boosted trees", () => {
    const regressor = boostedRegressor(columns, Float64Array.from(golden.values), { trees: 60 });
    const errors = [...regressor.scores(columns)].map((score, row) =>
      Math.abs(score - golden.predictions[row]!),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-3);
  });

  it('refuses rows without values, and options that are none', () => {
    const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));
    expect(() => boostedRegressor(columns, Float64Array.of(1))).toThrow(isArgumentError);
    expect(() => boostedRegressor([], Float64Array.of())).toThrow(isArgumentError);
    expect(() => boostedRegressor(columns, Float64Array.from(golden.values), { trees: 0 })).toThrow(
      isArgumentError,
    );
  });
});

describe('twoSampleTest', () => {
  const normal = (seed: number, shift = 0) => {
    const random = Key.of(seed).generator();
    return [0, 1].map(() => Float64Array.from({ length: 400 }, () => random.normal() + shift));
  };

  it('is about 0.5 for rows of one distribution, and higher for rows of two', () => {
    const test = (synthetic: readonly Float64Array[]) =>
      twoSampleTest(normal(0), synthetic, { key: Key.of(5), trees: 20 });
    expect(Math.abs(test(normal(1)) - 0.5)).toBeLessThan(0.06);
    expect(test(normal(1, 1))).toBeGreaterThan(0.75);
    expect(test(normal(1, 1))).toBe(test(normal(1, 1)));
  });
});
