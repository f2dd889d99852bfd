import { Key } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/association.json';
import { smallCodec } from '../../test/small-table';
import { association, classifier } from './association';

const classes = (of: readonly number[], count: number) => ({ of: Int32Array.from(of), count });

describe('association', () => {
  it.each(golden)("gives Cramér's V of SciPy's statistic, corrected", ({ a, b, value }) => {
    expect(association(classes(a, 5), classes(b, 3))).toBeCloseTo(value, 12);
    expect(association(classes(b, 3), classes(a, 7))).toBeCloseTo(value, 12);
  });

  it('is 1 for columns that follow from each other, and 0 for one that is always the same', () => {
    const a = classes([0, 1, 2, 0, 1, 2, 0, 1, 2], 3);
    expect(association(a, { ...a, of: a.of.map((value) => 2 - value) })).toBeCloseTo(1, 12);
    expect(association(a, classes(new Array<number>(9).fill(1), 3))).toBe(0);
  });
});

describe('classifier', () => {
  it('cuts numbers into ranges of equally many real rows, and takes levels as they are', () => {
    const [number, , category] = smallCodec().columns;
    const random = Key.of(5).generator();
    const real = Float64Array.from({ length: 1000 }, () => Math.floor(1e6 * random.uniform() ** 3));
    const { of, count } = classifier(number!, real)(real);
    const counts = new Array<number>(count).fill(0);
    for (const at of of) counts[at]!++;
    expect(counts).toEqual([...new Array<number>(10).fill(100), 0]);
    expect([...classifier(number!, real)(Float64Array.of(-1, 1e9, NaN)).of]).toEqual([0, 9, 10]);
    expect([...classifier(category!, real)(Float64Array.of(0, 2, -1)).of]).toEqual([
      ...[category!.index(0), category!.index(2), category!.index(-1)],
    ]);
  });
});
