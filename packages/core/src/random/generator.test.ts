import {
  chiSquareScore,
  KOLMOGOROV_SMIRNOV_LIMIT,
  kolmogorovSmirnov,
  quadrature,
  STANDARD_ERRORS,
} from '@dgm/testing';
import { describe, expect, it, vi } from 'vitest';
import { Generator } from './generator';
import { threefry } from './threefry';

/** xoshiro128++ as its authors write it, on BigInt. */
function* xoshiro(state: readonly number[]): Stream {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
  let [a, b, c, d] = state.map(BigInt) as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number((rotate((a + d) & mask, 7n) + a) & mask);
    const shifted = (b << 9n) & mask;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11n);
  }
}
type Stream = globalThis.Generator<number, never>;

function take(stream: Stream, n: number): number[] {
  return Array.from({ length: n }, () => stream.next().value);
}

function draws(n: number, next: (generator: Generator) => number, seed = 0): number[] {
  const generator = new Generator(seed, 0);
  return Array.from({ length: n }, () => next(generator));
}

/** How far the counts of `cell` are from equal, in standard errors. */
function uniformity(values: readonly number[], cells: number, cell: (value: number) => number): number {
  const counts = Array<number>(cells).fill(0);
  for (const value of values) counts[cell(value)]!++;
  return chiSquareScore(counts, Array<number>(cells).fill(1 / cells));
}

describe('Generator', () => {
  it('is xoshiro128++, started from the mixed key', () => {
    // The reference first: the published output for the state 1, 2, 3, 4.
    expect(take(xoshiro([1, 2, 3, 4]), 5)).toEqual([641, 1573767, 3222811527, 3517856514, 836907274]);
    const stream = 0x53545245;
    const state = [...threefry(7, 9, 0, stream), ...threefry(7, 9, 1, stream)];
    const generator = new Generator(7, 9);
    expect(Array.from({ length: 1000 }, () => generator.int32() >>> 0)).toEqual(take(xoshiro(state), 1000));
  });

  // In parts of 512 and of 64 for each lane, and one by one.
  it.each([1, 511, 512, 1000, 4096, 9000])(
    'fills an array of %i with what it would give one by one',
    (count) => {
      const [atOnce, single] = [new Generator(7, 9), new Generator(7, 9)];
      const numbers = new Float32Array(count);
      for (let round = 0; round < 2; round++) {
        atOnce.fillUniform(numbers);
        expect(numbers).toEqual(Float32Array.from(numbers, () => single.uniform()));
        atOnce.fillNormal(numbers);
        expect(numbers).toEqual(Float32Array.from(numbers, () => single.normal()));
      }
      expect(atOnce.int32()).toBe(single.int32());
    },
  );

  it('draws integers whose high and low bytes, and pairs of them, are uniform', () => {
    const integers = draws(2 ** 17, (generator) => generator.int32() >>> 0);
    expect(uniformity(integers, 256, (value) => value >>> 24)).toBeLessThan(STANDARD_ERRORS);
    expect(uniformity(integers, 256, (value) => value & 255)).toBeLessThan(STANDARD_ERRORS);
    const pairs = integers.slice(1).map((value, index) => ((value >>> 28) << 4) | (integers[index]! >>> 28));
    expect(uniformity(pairs, 256, (pair) => pair)).toBeLessThan(STANDARD_ERRORS);
  });

  it('draws uniform numbers that fill [0, 1) and are exact in float32', () => {
    const values = draws(2 ** 16, (generator) => generator.uniform());
    expect(kolmogorovSmirnov(values, (x) => x)).toBeLessThan(KOLMOGOROV_SMIRNOV_LIMIT);
    expect(values.every((x) => x >= 0 && x < 1 && x === Math.fround(x))).toBe(true);
  });

  it('draws open uniform numbers that are never 0 or 1', () => {
    const values = draws(2 ** 16, (generator) => generator.openUniform());
    expect(kolmogorovSmirnov(values, (x) => x)).toBeLessThan(KOLMOGOROV_SMIRNOV_LIMIT);
    expect(values.every((x) => x > 0 && x < 1)).toBe(true);
  });

  it.each<[string, (generator: Generator) => number, (x: number) => number]>([
    ['exponential', (generator) => generator.exponential(), (x) => -Math.expm1(-x)],
    ['logistic', (generator) => generator.logistic(), (x) => 1 / (1 + Math.exp(-x))],
    ['gumbel', (generator) => generator.gumbel(), (x) => Math.exp(-Math.exp(-x))],
  ])('draws %s numbers', (_name, next, cdf) => {
    const values = draws(2 ** 16, next);
    expect(kolmogorovSmirnov(values, cdf)).toBeLessThan(KOLMOGOROV_SMIRNOV_LIMIT);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('draws integers below a bound without bias', () => {
    const values = draws(70_000, (generator) => generator.below(7));
    expect(uniformity(values, 7, (value) => value)).toBeLessThan(STANDARD_ERRORS);
    expect(draws(100, (generator) => generator.below(1)).every((value) => value === 0)).toBe(true);
    for (const bound of [2 ** 21 + 1, 3 * 2 ** 30, 2 ** 52 + 1]) {
      const large = draws(70_000, (generator) => generator.below(bound));
      expect(large.every((value) => Number.isSafeInteger(value) && value >= 0 && value < bound)).toBe(true);
      expect(uniformity(large, 7, (value) => Math.floor((7 * value) / bound))).toBeLessThan(STANDARD_ERRORS);
      expect(uniformity(large, 2, (value) => value % 2)).toBeLessThan(STANDARD_ERRORS);
    }
  });
});

describe('normal draws', () => {
  const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  const between = (from: number, to: number): number => quadrature(density, { from, to }, 201);
  const values = draws(2_000_000, (generator) => generator.normal());

  /** The counts between edges, of `n` draws in all, against the normal density there. */
  function score(edges: readonly number[], numbers: readonly number[], n: number): number {
    const counts = Array<number>(edges.length - 1).fill(0);
    let inside = 0;
    for (const x of numbers) {
      const cell = edges.findIndex((edge) => x < edge) - 1;
      if (cell < 0) continue;
      counts[cell]!++;
      inside++;
    }
    const masses = edges.slice(1).map((to, index) => between(edges[index]!, to));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    expect(Math.abs(inside - n * total)).toBeLessThan(
      STANDARD_ERRORS * Math.sqrt(n * total * (1 - total)) + 1e-6,
    );
    return chiSquareScore(
      counts,
      masses.map((mass) => mass / total),
    );
  }

  it('have the density of the bulk, cell by cell', () => {
    const edges = Array.from({ length: 57 }, (_, index) => -3.5 + index / 8);
    expect(score(edges, values.slice(0, 500_000), 500_000)).toBeLessThan(STANDARD_ERRORS);
  });

  // The last layer of the ziggurat ends at 3.654: beyond it another algorithm draws.
  it('have the mass and the shape of both tails', () => {
    const far = values.filter((x) => Math.abs(x) > 3.2);
    for (const sign of [1, -1]) {
      const edges = [3.2, 3.4, 3.6, 3.7, 3.9, 4.2, 6];
      expect(
        score(
          edges,
          far.map((x) => sign * x),
          values.length,
        ),
      ).toBeLessThan(STANDARD_ERRORS);
    }
  });

  it('are not correlated with the next', () => {
    const n = 500_000;
    let sum = 0;
    for (let index = 0; index < n; index++) sum += values[index]! * values[index + 1]!;
    expect(Math.abs(sum / Math.sqrt(n))).toBeLessThan(STANDARD_ERRORS);
  });
});

it.each([
  [1, 100],
  [4, 100],
  [7, 100],
  [4096, 100],
  [20_003, 0],
  [20_003, 100],
  [20_003, 255],
  [20_003, 256],
])('choose compares the bytes of what int32 gives: %i entries, below %i', (count, threshold) => {
  const after = new Generator(3, 4);
  const integers = Int32Array.from({ length: Math.ceil(count / 4) }, () => after.int32());
  const bytes = new Uint8Array(integers.buffer);
  const generator = new Generator(3, 4);
  const [entries, ties] = [new Int32Array(count), new Int32Array(2 * integers.length)];
  const written = generator.choose(entries, threshold, 5, ties);
  expect(entries).toEqual(Int32Array.from(bytes.subarray(0, count), (byte) => (byte < threshold ? 5 : 0)));
  const places = [...ties.subarray(0, written)].filter((_, index) => index % 2 === 0);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  const undecided = [...bytes.subarray(0, count).keys()].filter((index) => bytes[index] === threshold);
  const known = new Set(places);
  expect(undecided.every((index) => known.has(index & ~3))).toBe(true);
  expect(generator.int32()).toBe(after.int32());
});

it('gives the same numbers where WebAssembly is forbidden', async () => {
  const drawn = (from: Generator) => {
    const [uniform, normal, entries] = [new Float32Array(5000), new Float32Array(5000), new Int32Array(5000)];
    from.fillUniform(uniform);
    from.fillNormal(normal);
    from.choose(entries, 100, 5, new Int32Array(2500));
    return { uniform, normal, entries, next: from.int32() };
  };
  vi.resetModules();
  vi.stubGlobal('WebAssembly', undefined);
  const { Generator: OneByOne } = await import('./generator');
  const { Lanes } = await import('./lanes');
  const [numbers, none] = [drawn(new OneByOne(1, 2)), Lanes.create()];
  vi.unstubAllGlobals();
  expect([none, Lanes.create()]).toEqual([undefined, expect.any(Lanes)]);
  expect(drawn(new Generator(1, 2))).toEqual(numbers);
});
