import { ArgumentError, checkInteger, checkKey, checkOptions, type Generator, type Key } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';

/** A distribution on the plane whose density is known: what a model learns can be held against it. */
export interface PlaneDensity {
  readonly name: string;
  /** Independent points, float32 of shape `[2]`; the label is the part (moon, ring, square, component) drawn from. */
  sample(key: Key, count: number): Examples;
  /**
   * The log-density of points, in nats: $\int p = 1$ over the plane.
   * @param points - x and y of the first point, of the second, ...
   */
  logDensity(points: ArrayLike<number>): Float64Array;
}

/** One point and the part that it comes from. */
export interface Draw {
  readonly x: number;
  readonly y: number;
  readonly part: number;
}

interface PlaneDensityParts {
  readonly name: string;
  readonly draw: (random: Generator) => Draw;
  readonly logDensityAt: (x: number, y: number) => number;
}

/** The array handling that the densities share. */
export function planeDensity({ name, draw, logDensityAt }: PlaneDensityParts): PlaneDensity {
  return {
    name,
    sample(key, count) {
      checkKey(`${name}.sample`, key);
      checkInteger(`${name}.sample`, 'count', count, { min: 0 });
      const random = key.generator();
      const values = new Float32Array(2 * count);
      const labels = new Int32Array(count);
      for (let row = 0; row < count; row++) {
        const { x, y, part } = draw(random);
        values.set([x, y], 2 * row);
        labels[row] = part;
      }
      return { count, shape: [2], values, labels };
    },
    logDensity(points) {
      if (points.length % 2 !== 0) {
        throw new ArgumentError({
          where: `${name}.logDensity`,
          argument: 'points',
          expected: 'to hold x and y of each point',
          actual: `${points.length} numbers`,
        });
      }
      return Float64Array.from({ length: points.length / 2 }, (_, row) =>
        logDensityAt(points[2 * row]!, points[2 * row + 1]!),
      );
    },
  };
}

export interface PlaneDatasetOptions {
  readonly key: Key;
  /** @defaultValue 1000 */
  readonly train?: number;
  /** @defaultValue 350 */
  readonly validation?: number;
  /** @defaultValue 450 */
  readonly test?: number;
}

/**
 * A data set of independent points of a density.
 * @throws ArgumentError if a count is no integer or negative, or `train` is 0
 *
 * @example
 * ```ts
 * const points = planeDataset(twoMoons(), { key, train: 5000 }); // points.train: 5000 of shape [2]
 * ```
 */
export function planeDataset(density: PlaneDensity, options: PlaneDatasetOptions): Dataset {
  checkOptions('planeDataset', options, ['key', 'train', 'validation', 'test']);
  const { key, train = 1000, validation = 350, test = 450 } = options;
  checkKey('planeDataset', key);
  return dataset({
    name: density.name,
    train: density.sample(key.fold('train'), train),
    validation: density.sample(key.fold('validation'), validation),
    test: density.sample(key.fold('test'), test),
  });
}

/** $\log \sum_i e^{v_i}$; -Infinity where no term is left. */
export function logSumExp(logits: readonly number[]): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  if (largest === -Infinity) return -Infinity;
  return largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}
