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
  ])('refuses %s', (_, set, options, code, message) => {
    expect(() => checkExamples(set, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    );
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
