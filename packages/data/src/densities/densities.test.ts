import { Key } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/rings.json';
import { checkerboard } from './checkerboard';
import { gaussianMixture } from './gaussian-mixture';
import { planeDataset, type PlaneDensity } from './plane-density';
import { rings, twoMoons } from './blurred-arcs';

const densities: Record<string, () => PlaneDensity> = {
  twoMoons: () => twoMoons(),
  'twoMoons (sharp)': () => twoMoons({ noise: 0.05 }),
  rings: () => rings({ radii: [1, 2] }),
  'rings (one, wide)': () => rings({ radii: [0.5], noise: 0.5 }),
  checkerboard: () => checkerboard(),
  'checkerboard (small)': () => checkerboard({ squares: 2, extent: 1.5 }),
  gaussianMixture: () => gaussianMixture(),
  'gaussianMixture (weighted)': () =>
    gaussianMixture({
      means: [
        [0, 0],
        [2, 1],
      ],
      std: 0.4,
      weights: [3, 1],
    }),
};

/** The middles of the cells of a square, and the area of a cell. */
function grid(extent: number, cells: number): { points: Float64Array; area: number } {
  const side = (2 * extent) / cells;
  const points = new Float64Array(2 * cells ** 2);
  for (let row = 0; row < cells; row++) {
    for (let column = 0; column < cells; column++) {
      points.set([(column + 0.5) * side - extent, (row + 0.5) * side - extent], 2 * (row * cells + column));
    }
  }
  return { points, area: side ** 2 };
}

describe.each(Object.entries(densities))('%s', (_, make) => {
  const density = make();
  const { points, area } = grid(4.5, 180);
  const probability = density.logDensity(points).map((value) => Math.exp(value) * area);

  it('integrates to one', () => {
    expect(probability.reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 6);
  });

  it('is the density of its samples', () => {
    const count = 20_000;
    const { values } = density.sample(Key.of(3), count);
    // Counts in blocks of the grid against the integral over each: chi-squared with a normal bound of 4 standard errors.
    const blocks = 15;
    const perBlock = 180 / blocks;
    const expected = new Float64Array(blocks ** 2);
    const observed = new Float64Array(blocks ** 2);
    probability.forEach((mass, cell) => {
      const row = Math.floor(Math.floor(cell / 180) / perBlock);
      expected[row * blocks + Math.floor((cell % 180) / perBlock)]! += mass * count;
    });
    for (let index = 0; index < values.length; index += 2) {
      const [column, row] = [values[index]!, values[index + 1]!].map((v) =>
        Math.floor(((v + 4.5) / 9) * blocks),
      );
      if (column! >= 0 && column! < blocks && row! >= 0 && row! < blocks)
        observed[row! * blocks + column!]!++;
    }
    let chiSquared = 0;
    let cells = 0;
    expected.forEach((mean, block) => {
      if (mean < 5) return;
      chiSquared += (observed[block]! - mean) ** 2 / mean;
      cells++;
    });
    expect(cells).toBeGreaterThan(3);
    expect(chiSquared).toBeLessThan(cells + 4 * Math.sqrt(2 * cells));
  });

  it('samples by key alone, with a label for each part', () => {
    const examples = density.sample(Key.of(0), 500);
    expect(density.sample(Key.of(0), 500)).toEqual(examples);
    expect(density.sample(Key.of(1), 500).values).not.toEqual(examples.values);
    expect(examples.shape).toEqual([2]);
    expect(new Set(examples.labels).size).toBe(Math.max(...examples.labels!) + 1);
  });

  it('refuses half a point and a negative count', () => {
    expect(() => density.logDensity([1, 2, 3])).toThrow('to hold x and y of each point, got 3 numbers');
    expect(() => density.sample(Key.of(0), -1)).toThrow(
      'expected count to be an integer of at least 0, got -1',
    );
  });

  it('keeps NaN, and falls to -Infinity or far down outside', () => {
    expect(density.logDensity([NaN, 0])[0]).toBeNaN();
    expect(density.logDensity([1e3, 1e3])[0]).toBeLessThan(-1e5);
  });
});

describe('known values', () => {
  it('a single round Gaussian', () => {
    const density = gaussianMixture({ means: [[1, -1]], std: 0.5 });
    expect(density.logDensity([1, -1])[0]).toBeCloseTo(-Math.log(2 * Math.PI * 0.25), 12);
  });

  it.each(golden)('a blurred ring as SciPy has it: %j', ({ radius, noise, point, logDensity }) => {
    expect(rings({ radii: [radius], noise }).logDensity(point)[0]).toBeCloseTo(logDensity, 8);
  });

  it('two moons are one under a half turn about their middle', () => {
    const density = twoMoons();
    const [here, there] = density.logDensity([0.2, 0.9, 1 - 0.2, 0.5 - 0.9]);
    expect(there).toBeCloseTo(here!, 10);
  });

  it('a checkerboard is uniform on its dark squares', () => {
    const log = checkerboard().logDensity([-3.9, -3.9, -1.9, -3.9, 3.9, 3.9, 4.1, 3.9]);
    expect(Array.from(log)).toEqual([-Math.log(32), -Infinity, -Math.log(32), -Infinity]);
  });
});

describe('options', () => {
  it('are checked', () => {
    expect(() => twoMoons({ noise: 0 })).toThrow('twoMoons: expected noise to be a number above 0, got 0');
    expect(() => rings({ radii: [1, -1] })).toThrow('expected radii[1] to be a number above 0, got -1');
    expect(() => rings({ radii: [] })).toThrow('radii.length');
    expect(() => checkerboard({ squares: 3 })).toThrow('expected squares to be even, got 3');
    expect(() => gaussianMixture({ means: [[0, 0]], weights: [1, 1] })).toThrow(
      'to be 1 numbers, one for each mean',
    );
    expect(() => gaussianMixture({ std: NaN })).toThrow('expected std');
    expect(() => rings({ radius: 2 } as object)).toThrow('did you mean "radii"');
  });
});

describe('planeDataset', () => {
  it('draws the parts independently', () => {
    const data = planeDataset(twoMoons(), { key: Key.of(0), train: 20, validation: 20, test: 5 });
    expect([data.name, data.train.count, data.validation.count, data.test.count]).toEqual([
      'twoMoons',
      20,
      20,
      5,
    ]);
    expect(data.train.values).not.toEqual(data.validation.values);
    expect(data.levels).toBeUndefined();
  });
});
