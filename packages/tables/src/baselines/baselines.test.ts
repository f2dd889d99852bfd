import { Key } from '@dgm/core';
import { inferSchema, parseTextTable, readCells } from '@dgm/data';
import { describe, expect, it } from 'vitest';
import { TableCodec } from '../codec/table-codec';
import { splitRows } from '../table/split';
import { baselinesOf } from './baselines';
import { ChainOfTrees } from './chain-of-trees';
import { growTree, leafPath } from './tree';

const random = Key.of(0).generator();
// The price follows from the grade and the size, but for noise of 5; some grades are missing.
const lines = Array.from({ length: 1500 }, (_, row) => {
  const [grade, size] = [random.below(3), random.below(50)];
  return `${row % 10 === 3 ? '' : 'ABC'[grade]},${size},${1000 * grade + 10 * size + random.below(5)}`;
});
const table = parseTextTable(`grade,size,price\n${lines.join('\n')}\n`);
const schema = inferSchema(table);
const cells = readCells(table, schema);
const codec = TableCodec.of(schema, cells, { maxBins: 20, minCount: 8, maxLevels: 8, protect: 1 });
const split = splitRows(table.count);
const columns = codec.values(cells).map((column) => {
  const pick = (rows: Int32Array) => Float64Array.from(rows, (row) => column[row]!);
  return { train: pick(split.train), validation: pick(split.validation), test: pick(split.test) };
});

describe('the baselines', () => {
  const { independent, trees } = baselinesOf(codec, columns);

  it('agree on the first column, and on one that does not depend on those before', () => {
    expect(trees.columns['grade']).toBeCloseTo(independent.columns['grade']!, 2);
    expect(Math.abs(trees.columns['size']! - independent.columns['size']!)).toBeLessThan(0.1);
    expect(independent.columns['size']).toBeCloseTo(Math.log(50), 1);
  });

  it('tell what follows from other columns: the trees come near to the noise', () => {
    expect(independent.columns['price']).toBeGreaterThan(7);
    // Leaves of 8 rows hold about two sizes of a grade, each with a noise of five values.
    expect(trees.columns['price']).toBeLessThan(Math.log(5) + 1.7);
    expect(trees.nats).toBeCloseTo(
      Object.values(trees.columns).reduce((a, b) => a + b),
      10,
    );
  });

  it('give the values of a column a mass of at most 1, and little beyond them', () => {
    const chain = ChainOfTrees.of(codec, columns);
    const price = codec.columns[2]!;
    if (price.kind !== 'number') throw new Error('The price is a number.');
    const all = Float64Array.from({ length: price.support }, (_, at) => price.starts[0]! + at);
    const same = (value: number) => all.map(() => value);
    const rows = [same(NaN), same(49), all];
    const mass = all.reduce((sum, value) => sum + Math.exp(chain.cell(rows, 0, 2).logProb(0, value)), 0);
    const missing = Math.exp(chain.cell(rows, 0, 2).logProb(0, NaN));
    expect(mass + missing).toBeCloseTo(1, 9);
    const { mass: massOf } = { mass: chain.cell(rows, 0, 2).mass(0, { min: -1e9, max: 1e9 }) };
    expect(massOf).toBeCloseTo(mass, 9);
  });
});

describe('growTree', () => {
  const count = 200;
  const x = Float64Array.from({ length: count }, () => random.below(40));
  const y = Float64Array.from({ length: count }, () => random.below(40));
  const order = (values: Float64Array) =>
    Int32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);

  /** The feature and threshold with the least impurity that leave 8 rows on each side. */
  function best(impurity: (rows: number[]) => number) {
    const rows = [...x.keys()];
    const splits = [x, y].flatMap((feature, at) =>
      [...new Set(feature)].map((threshold) => {
        const sides = [true, false].map((low) => rows.filter((row) => feature[row]! <= threshold === low));
        const isAllowed = sides.every(({ length }) => length >= 8);
        return {
          feature: at,
          threshold,
          left: isAllowed ? impurity(sides[0]!) + impurity(sides[1]!) : Infinity,
        };
      }),
    );
    const { feature, threshold } = splits.reduce((a, b) => (b.left < a.left ? b : a));
    return { feature, threshold };
  }

  it('splits numbers where the least variance is left', () => {
    const places = x.map((value, row) => Math.sin(value / 6) + y[row]! / 30 + random.normal() / 5);
    const { split } = growTree([x, y], [order(x), order(y)], { places });
    const variance = (rows: number[]) => {
      const mean = rows.reduce((sum, row) => sum + places[row]!, 0) / rows.length;
      return rows.reduce((sum, row) => sum + (places[row]! - mean) ** 2, 0);
    };
    expect(split).toMatchObject(best(variance));
  });

  it('splits classes where the least Gini impurity is left, and leads rows to their leaves', () => {
    const classes = Int32Array.from(x, (value, row) => (value > 25 ? 2 : y[row]! > 11 ? random.below(2) : 0));
    const tree = growTree([x, y], [order(x), order(y)], { classes, count: 3 });
    const gini = (rows: number[]) =>
      rows.length -
      [0, 1, 2].reduce((sum, at) => sum + rows.filter((row) => classes[row] === at).length ** 2, 0) /
        rows.length;
    expect(tree.split).toMatchObject(best(gini));
    for (let row = 0; row < count; row++) {
      const leaf = leafPath(tree, [x[row]!, y[row]!]).at(-1)!;
      expect(leaf.rows).toContain(row);
      expect(leaf.rows.length).toBeGreaterThanOrEqual(8);
    }
  });
});
