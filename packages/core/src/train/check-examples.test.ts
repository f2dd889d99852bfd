import { checkExamples, gatherExamples, type CheckExamplesOptions, type Examples } from '@dgm/core';
import { describe, expect, it } from 'vitest';

const examples: Examples = {
  count: 3,
  shape: [2],
  values: Float32Array.of(0, 1, 2, 3, 4, 5),
  labels: Int32Array.of(0, 1, 0),
};
const withValue = (at: number, value: number) => ({
  ...examples,
  values: Float32Array.from(examples.values, (old, index) => (index === at ? value : old)),
});

describe('checkExamples', () => {
  it('lets good examples pass', () => {
    checkExamples(examples);
    checkExamples(examples, { levels: 6, shape: [2] });
    checkExamples({ count: 2, shape: [], values: Uint8Array.of(0, 255) }, { levels: 256 });
  });

  it.each<[string, Examples, CheckExamplesOptions, string, RegExp]>([
    ['nothing', { ...examples, count: 0 }, {}, 'argument', /at least one example, got 0/],
    ['another shape', examples, { shape: [1, 2] }, 'shape', /\[1, 2\] each, got \[2\]/],
    ['missing values', { ...examples, count: 4 }, {}, 'argument', /4 x 2 values, got 6/],
    ['missing labels', { ...examples, labels: Int32Array.of(0) }, {}, 'argument', /3 labels, got 1/],
    ['NaN', withValue(3, NaN), {}, 'domain', /NaN in row 1 at entry 1/],
    ['infinity', withValue(4, -Infinity), {}, 'domain', /-Infinity in row 2 at entry 0/],
    ['too large a value', examples, { levels: 5 }, 'domain', /from 0 to 4, got 5 in row 2 at entry 1/],
    ['a negative value', withValue(0, -1), { levels: 6 }, 'domain', /-1 in row 0/],
    ['a fraction', withValue(1, 0.5), { levels: 6 }, 'domain', /0.5 in row 0/],
    [
      'a fraction among all integers',
      withValue(1, -0.5),
      { levels: Infinity },
      'domain',
      /be integers, got -0.5/,
    ],
  ])('refuses %s', (_, set, options, code, message) => {
    expect(() => checkExamples(set, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    );
  });
});

describe('the advice of checkExamples', () => {
  it.each<[string, number[], number | undefined, RegExp]>([
    [
      'levels for integers that are too large',
      [0, 16, 19],
      17,
      /head levels: 20, as the largest value is 19/,
    ],
    ['another head for grey values under a Bernoulli', [0, 0.5, 1], 2, /binarize.*continuousBernoulliHead/],
    [
      'levels or a threshold for bytes under a Bernoulli',
      [0, 255],
      2,
      /binarize.*categoricalHead.*levels: 256/,
    ],
    [
      'scaling for levels divided by the largest',
      [0, 0.25, 1],
      17,
      /multiply data between 0 and 1 by 16 and round/,
    ],
    ['a shift for negative integers', [-1, 0, 1], 3, /subtract the smallest value, -1/],
    ['a head for real numbers', [-0.3, 2.5], 17, /round the data to levels, or use.*normalHead/],
    ['rounding for any integers', [1.5, 2], Infinity, /round the data/],
    ['mending for NaN', [1, NaN], 17, /remove or mend that row/],
    ['mending for NaN without levels', [1, NaN], undefined, /remove or mend that row/],
  ])('is %s', (_, values, levels, message) => {
    const set = { count: values.length, shape: [1], values: Float32Array.from(values) };
    expect(() => checkExamples(set, { levels })).toThrow(message);
  });
});

describe('gatherExamples', () => {
  it('takes rows in the given order', () => {
    const batch = gatherExamples(examples, Int32Array.of(2, 0));
    expect(batch.arraySync()).toEqual([
      [4, 5],
      [0, 1],
    ]);
    expect(batch.dtype).toBe('float32');
  });
});
