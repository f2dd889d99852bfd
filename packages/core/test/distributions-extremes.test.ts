import {
  Bernoulli,
  Beta,
  besselRatio,
  Categorical,
  ContinuousBernoulli,
  DiscretizedLogistic,
  Gamma,
  Key,
  klDivergence,
  Laplace,
  logBesselI,
  Logistic,
  MultivariateNormal,
  Normal,
  StudentT,
  TruncatedNormal,
  type Distribution,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import golden from './golden/extremes.json';

/** Columns of a table as tensors. */
const columns = (rows: readonly (readonly number[])[]): Tensor[] =>
  rows[0]!.map((_, index) => tf.tensor1d(rows.map((row) => row[index]!)));

/** Every number within `absolute + relative * |expected|` of what it should be, or a list of those that are not. */
function expectClose(
  actual: Tensor,
  expected: readonly number[],
  { absolute, relative, at }: { absolute: number; relative: number; at: readonly unknown[] },
): void {
  const wrong = [...actual.dataSync()].flatMap((value, index) => {
    const wanted = expected[index]!;
    const close = Math.abs(value - wanted) <= absolute + relative * Math.abs(wanted);
    return close ? [] : [`${JSON.stringify(at[index])}: expected ${wanted}, got ${value}`];
  });
  expect(wrong).toEqual([]);
}

const last = (rows: readonly (readonly number[])[], fromEnd = 1): number[] =>
  rows.map((row) => row.at(-fromEnd)!);

describe('densities and entropies at parameters of many magnitudes', () => {
  /** The rounding of x alone moves the log-density of a peak n deviations off by n times this. */
  const families: readonly [
    string,
    readonly (readonly number[])[],
    (...parameters: Tensor[]) => Distribution,
  ][] = [
    ['Gamma', golden.Gamma, (a, r) => new Gamma(a!, r!)],
    ['Beta', golden.Beta, (a, b) => new Beta(a!, b!)],
  ];
  it.each(families)('%s', (_, rows, make) => {
    tf.tidy(() => {
      const [first, second, x] = columns(rows);
      const distribution = make(first!, second!);
      // A step of x in float32, in deviations, times the five deviations that the grid goes to.
      const deviations = tf.div(tf.mul(x!, 2 ** -23), tf.sqrt(distribution.variance())).dataSync();
      const logProb = distribution.logProb(x!).dataSync();
      const wrong = rows.flatMap((row, index) => {
        const wanted = row.at(-2)!;
        const allowed = 5e-6 + 2e-6 * Math.abs(wanted) + 10 * deviations[index]!;
        return Math.abs(logProb[index]! - wanted) <= allowed ? [] : [[row, logProb[index], allowed]];
      });
      expect(wrong).toEqual([]);
      expectClose(distribution.entropy(), last(rows), { absolute: 4e-6, relative: 2e-6, at: rows });
    });
  });

  it('StudentT, also where a square overflows', () => {
    tf.tidy(() => {
      const [nu, x] = columns(golden.StudentT);
      const logProb = new StudentT(nu!, 0, 1).logProb(x!);
      expectClose(logProb, last(golden.StudentT), { absolute: 2e-6, relative: 2e-6, at: golden.StudentT });
      const gradient = tf.grad((y: Tensor) => tf.sum(new StudentT(nu!, 0, 1).logProb(y)))(x!);
      expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });
});

describe('ContinuousBernoulli at logits of any size, through 0', () => {
  const rows = golden.ContinuousBernoulli;
  const close = (actual: Tensor, expected: readonly number[], absolute: number, relative: number): void =>
    expectClose(actual, expected, { absolute, relative, at: rows });

  it('has the values and moments of its definition', () => {
    tf.tidy(() => {
      const [logits, x, logProb, cdf, mean, variance, entropy] = columns(rows).map((column) => [
        ...column.dataSync(),
      ]) as [number[], number[], number[], number[], number[], number[], number[]];
      const distribution = new ContinuousBernoulli(tf.tensor1d(logits));
      // The rounding of 1 - x and of the logit, times the logit.
      close(distribution.logProb(tf.tensor1d(x)), logProb, 2e-6, 2e-6);
      close(distribution.cdf(tf.tensor1d(x)), cdf, 1e-7, 2e-5);
      close(distribution.mean(), mean, 0, 2e-6);
      close(distribution.variance(), variance, 0, 4e-6);
      close(distribution.entropy(), entropy, 1e-6, 1e-6);
      const again = distribution.cdf(distribution.quantile(tf.tensor1d(cdf)));
      // A quantile close to 1 is rounded to a step of float32, over which the distribution function rises by the density.
      const wrong = [...again.dataSync()].filter(
        (value, index) => Math.abs(value - cdf[index]!) > 1e-6 + 2 ** -23 * Math.exp(logProb[index]!),
      );
      expect(wrong).toEqual([]);
    });
  });

  it('has finite gradients, and x less the mean for one by the logit', () => {
    tf.tidy(() => {
      const [logits, x, , , mean] = columns(rows);
      const slope = tf.grad((l: Tensor) => tf.sum(new ContinuousBernoulli(l).logProb(x!)))(logits!);
      close(slope, [...tf.sub(x!, mean!).dataSync()], 2e-6, 2e-6);
      for (const method of ['mean', 'variance', 'entropy'] as const) {
        const gradient = tf.grad((l: Tensor) => tf.sum(new ContinuousBernoulli(l)[method]()))(logits!);
        expect([...gradient.dataSync()].filter((value) => !Number.isFinite(value))).toEqual([]);
      }
    });
  });
});

describe('divergences at parameters of many magnitudes', () => {
  const tables: readonly [string, readonly (readonly number[])[], (...parameters: Tensor[]) => Tensor][] = [
    ['Gamma', golden.gammaDivergence, (a, r, c, s) => klDivergence(new Gamma(a!, r!), new Gamma(c!, s!))],
    ['Beta', golden.betaDivergence, (a, b, c, d) => klDivergence(new Beta(a!, b!), new Beta(c!, d!))],
  ];
  it.each(tables)('%s', (_, rows, compute) => {
    tf.tidy(() => {
      const [a, b, c, d] = columns(rows);
      const actual = compute(a!, b!, c!, d!);
      expectClose(actual, last(rows), { absolute: 1e-6, relative: 2e-5, at: rows });
    });
  });
});

describe('TruncatedNormal at any location and width', () => {
  it.each(golden.TruncatedNormal)('$parameters', ({ parameters, x, ...expected }) => {
    tf.tidy(() => {
      const [mean, std, low, high] = parameters;
      const distribution = new TruncatedNormal(mean!, std!, {
        low: low ?? -Infinity,
        high: high ?? Infinity,
      });
      const at = [parameters, parameters, parameters];
      const relative = { absolute: 1e-30, relative: 2e-5, at };
      const variance = distribution.variance().dataSync()[0]!;
      const deviation = Math.sqrt(expected.variance);
      // Float32 keeps the mean and the points to a share of their size, which may be many deviations.
      const step = 2 ** -23 * Math.max(...x.map(Math.abs), deviation);
      expect(Math.abs(variance / expected.variance - 1)).toBeLessThan(2e-5);
      const error = Math.abs(distribution.mean().dataSync()[0]! - expected.mean);
      expect(error).toBeLessThan(1e-5 * deviation + step);
      expectClose(distribution.entropy(), [expected.entropy], { ...relative, absolute: 5e-6 });
      const points = tf.tensor1d(x);
      expectClose(distribution.logProb(points), expected.logProb, {
        ...relative,
        absolute: 1e-5,
        relative: 2e-6,
      });
      expectClose(distribution.cdf(points), expected.cdf, { ...relative, absolute: 2e-6 });
      const quantile = distribution.quantile(tf.tensor1d(expected.cdf)).dataSync();
      // Where the distribution function hardly rises, a share that is rounded leaves a range of points.
      quantile.forEach((value, index) => {
        // A share that rounds to 0 or 1 has the end of the interval for a quantile.
        if (Math.min(expected.cdf[index]!, 1 - expected.cdf[index]!) < 1e-6) return;
        const density = Math.exp(expected.logProb[index]!);
        const allowed = 4 * step + 2e-4 * deviation + (4 * 2 ** -24) / density;
        expect(Math.abs(value - x[index]!)).toBeLessThan(allowed);
      });
      const draws = distribution.sample(Key.of(0), [2000]);
      const { mean: average, variance: spread } = tf.moments(tf.div(tf.sub(draws, expected.mean), deviation));
      expect(Math.abs(average.dataSync()[0]!)).toBeLessThan(4 / Math.sqrt(2000) + step / deviation);
      if (step > 0.05 * deviation) return; // Rounding gives the draws another spread.
      expect(spread.dataSync()[0]!).toBeGreaterThan(0.75);
      expect(spread.dataSync()[0]!).toBeLessThan(1.3);
    });
  });
});

describe('distribution functions that are computed on the host', () => {
  const families: readonly [
    string,
    readonly (readonly number[])[],
    (...parameters: Tensor[]) => Distribution,
  ][] = [
    ['Gamma', golden.cdf.Gamma, (a) => new Gamma(a!, 1)],
    ['Beta', golden.cdf.Beta, (a, b) => new Beta(a!, b!)],
    ['StudentT', golden.cdf.StudentT, (nu) => new StudentT(nu!, 0, 1)],
  ];
  it.each(families)('%s, and its quantile', (_, rows, make) => {
    tf.tidy(() => {
      const all = columns(rows);
      const [x, expected] = all.slice(-2) as [Tensor, Tensor];
      const distribution = make(...all.slice(0, -2));
      expectClose(distribution.cdf(x), last(rows), { absolute: 1e-7, relative: 1e-6, at: rows });
      const again = distribution.cdf(distribution.quantile!(expected));
      expectClose(again, last(rows), { absolute: 2e-6, relative: 2e-5, at: rows });
      const slope = tf.grad((y: Tensor) => tf.sum(distribution.cdf(y)))(x);
      expect(slope.dataSync()).toBeCloseToArray([...tf.exp(distribution.logProb(x)).dataSync()]);
      const inverse = tf.grad((p: Tensor) => tf.sum(distribution.quantile!(p)))(expected);
      expect([...inverse.dataSync()].every((value) => value > 0)).toBe(true);
    });
  });
});

describe('values at the edges', () => {
  const logProb = (distribution: Distribution, x: number[]): number[] => [
    ...distribution.logProb(tf.tensor1d(x)).dataSync(),
  ];

  it('Beta and Gamma include the ends of their supports, where the density has a limit', () => {
    tf.tidy(() => {
      expect(logProb(new Beta(1, 8), [0, 1])).toBeCloseToArray([Math.log(8), -Infinity]);
      expect(logProb(new Beta(1, 1), [0, 1])).toEqual([0, 0]);
      expect(logProb(new Beta(3, 0.5), [0, 1])).toEqual([-Infinity, Infinity]);
      expect(logProb(new Gamma(1, 2), [0, -1])).toBeCloseToArray([Math.LN2, -Infinity]);
      expect(logProb(new Gamma(2, 2), [0])).toEqual([-Infinity]);
      const rate = tf.grad((r: Tensor) => tf.sum(new Gamma(1, r).logProb(tf.tensor1d([0, 0]))))(tf.scalar(2));
      expect(rate.arraySync()).toBeCloseTo(1, 6);
    });
  });

  it.each([1e-30, 1e-38, 1e30])(
    'location-scale families are right at the location for a scale of %s',
    (scale) => {
      tf.tidy(() => {
        for (const family of [Normal, Laplace, Logistic]) {
          const given = new family(0.5, { logScale: tf.tensor1d([Math.log(scale)]) });
          const value = given.logProb(tf.tensor1d([0.5])).arraySync() as number[];
          const standard = new family(0, 1).logProb(tf.scalar(0)).arraySync() as number;
          expect(value[0]! / (standard - Math.log(scale))).toBeCloseTo(1, 5);
        }
      });
    },
  );

  it('a scale below what float32 holds gives no NaN', () => {
    tf.tidy(() => {
      for (const family of [Normal, Laplace, Logistic]) {
        const values = logProb(new family(0, { logScale: tf.scalar(-120) }), [0, 1]);
        expect(values[0]).toBeGreaterThan(100);
        expect(values[1]).toBeLessThan(-1e30);
      }
    });
  });

  it('Bernoulli takes logits at infinity', () => {
    tf.tidy(() => {
      const certain = new Bernoulli(tf.tensor1d([Infinity, -Infinity]));
      expect([...certain.entropy().dataSync()].map(Math.abs)).toEqual([0, 0]);
      expect([...klDivergence(certain, certain).dataSync()]).toEqual([0, 0]);
      expect([...klDivergence(certain, new Bernoulli(0)).dataSync()]).toBeCloseToArray([Math.LN2, Math.LN2]);
      expect([...klDivergence(new Bernoulli(0), certain).dataSync()]).toEqual([Infinity, Infinity]);
    });
  });

  it('a categorical divergence is infinite where q rules out what p allows, however unlikely', () => {
    tf.tidy(() => {
      const q = new Categorical(tf.tensor1d([0, -Infinity]));
      expect(klDivergence(new Categorical(tf.tensor1d([0, -200])), q).arraySync()).toBe(Infinity);
      expect(klDivergence(q, q).arraySync()).toBe(0);
    });
  });

  it('the divergence of diagonal normals is a sum over dimensions that is not negative', () => {
    tf.tidy(() => {
      const ones = tf.ones([1000]);
      const p = MultivariateNormal.diagonal(tf.zeros([1000]), ones);
      const q = MultivariateNormal.diagonal(tf.zeros([1000]), tf.mul(ones, 1.0001));
      const scale = Math.fround(1.0001);
      const expected = 1000 * (0.5 * (scale ** -2 - 1) + Math.log(scale));
      const before = tf.memory().numBytes;
      const actual = klDivergence(p, q);
      expect(tf.memory().numBytes - before).toBeLessThan(1e5);
      expect((actual.arraySync() as number) / expected).toBeCloseTo(1, 3);
    });
  });

  it.each([
    [-1, 2 / 65535],
    [0, 1 / 65535],
    [-32768, 1],
  ])('a discretized logistic knows all 65536 values from %s by %s', (minimum, step) => {
    tf.tidy(() => {
      const maximum = minimum + 65535 * step;
      const distribution = new DiscretizedLogistic(minimum + 20000 * step, 3000 * step, {
        minimum,
        maximum,
        step,
      });
      const values = tf.tensor1d(Float32Array.from({ length: 65536 }, (_, k) => minimum + k * step));
      const logProbs = distribution.logProb(values);
      expect(tf.min(logProbs).arraySync()).toBeGreaterThan(-30);
      const total = [...logProbs.dataSync()].reduce((sum, value) => sum + Math.exp(value), 0);
      expect(total).toBeCloseTo(1, 4);
      expect(distribution.logProb(tf.scalar(minimum + 0.5 * step)).arraySync()).toBe(-Infinity);
    });
  });
});

describe('Bessel functions of huge arguments', () => {
  it.each([0, 1, 7, 20, 391])('of order %s', (order) => {
    tf.tidy(() => {
      const x = [1e6, 1e12, 1e20, 3e38];
      const at = tf.tensor1d(x);
      // I_v(x) = e^x / sqrt(2 pi x) and the ratio of neighbouring orders is 1 - (v + 1/2) / x, up to O(v^2 / x).
      const scaled = logBesselI(at, { order, scaled: true }).dataSync();
      const ratio = besselRatio(at, { order }).dataSync();
      x.forEach((value, index) => {
        const expected = -0.5 * Math.log(2 * Math.PI * value) - (4 * order * order - 1) / (8 * value);
        expect(scaled[index]! / expected).toBeCloseTo(1, 5);
        expect(ratio[index]).toBeCloseTo(1 - (order + 0.5) / value, 6);
      });
      const slope = tf.grad((y: Tensor) => tf.sum(besselRatio(y, { order })))(at);
      expect([...slope.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });
});
