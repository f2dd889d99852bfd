import { ArgumentError, checkInteger, checkNumber, checkOptions } from '@dgm/core';
import { logSumExp, planeDensity, type PlaneDensity } from './plane-density';

export interface GaussianMixtureOptions {
  /** The mean of each component. Defaults to eight on a circle of radius 2. */
  readonly means?: readonly (readonly [x: number, y: number])[];
  /** Standard deviation on both axes. @defaultValue 0.2 */
  readonly std?: number;
  /** Positive, in any scale. Defaults to equal weights. */
  readonly weights?: readonly number[];
}

/**
 * Round Gaussians: $p(x) = \sum_k w_k \mathcal{N}(x; \mu_k, \sigma^2 I)$.
 *
 * @example
 * ```ts
 * const density = gaussianMixture({ means: [[-1, 0], [1, 0]], std: 0.3 });
 * const points = planeDataset(density, { key });
 * ```
 */
export function gaussianMixture(options: GaussianMixtureOptions = {}): PlaneDensity {
  const where = 'gaussianMixture';
  checkOptions(where, options, ['means', 'std', 'weights']);
  const { means = onCircle(8, 2), std = 0.2, weights = means.map(() => 1) } = options;
  checkNumber(where, 'std', std, { above: 0 });
  checkInteger(where, 'means.length', means.length);
  for (const place of means.flat()) checkNumber(where, 'means', place);
  weights.forEach((weight, component) => checkNumber(where, `weights[${component}]`, weight, { above: 0 }));
  if (weights.length !== means.length) {
    throw new ArgumentError({
      where,
      argument: 'weights',
      expected: `to be ${means.length} numbers, one for each mean`,
      actual: String(weights.length),
    });
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const logNormalizer = -Math.log(2 * Math.PI * std ** 2) - Math.log(total);
  return planeDensity({
    name: 'gaussianMixture',
    draw: (random) => {
      let left = random.uniform() * total;
      const found = weights.findIndex((weight) => (left -= weight) < 0);
      const part = found < 0 ? means.length - 1 : found;
      const [x, y] = means[part]!;
      return { x: x + std * random.normal(), y: y + std * random.normal(), part };
    },
    logDensityAt: (x, y) =>
      logNormalizer +
      logSumExp(
        means.map(([meanX, meanY], component) => {
          return Math.log(weights[component]!) - 0.5 * (((x - meanX) / std) ** 2 + ((y - meanY) / std) ** 2);
        }),
      ),
  });
}

function onCircle(count: number, radius: number): [x: number, y: number][] {
  return Array.from({ length: count }, (_, index) => {
    const angle = (2 * Math.PI * index) / count;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}
