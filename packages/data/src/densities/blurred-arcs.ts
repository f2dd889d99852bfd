import { checkInteger, checkNumber, checkOptions } from '@dgm/core';
import { logSumExp, planeDensity, type PlaneDensity } from './plane-density';

export interface TwoMoonsOptions {
  /** Standard deviation of the noise around the half circles of radius 1. @defaultValue 0.1 */
  readonly noise?: number;
}

/**
 * Two interleaved half circles, blurred: the upper one around (0, 0), the lower one around (1, 0.5).
 *
 * @example
 * ```ts
 * const points = planeDataset(twoMoons({ noise: 0.05 }), { key });
 * ```
 */
export function twoMoons(options: TwoMoonsOptions = {}): PlaneDensity {
  checkOptions('twoMoons', options, ['noise']);
  const { noise = 0.1 } = options;
  checkNumber('twoMoons', 'noise', noise, { above: 0 });
  const upper = { centre: [0, 0], radius: 1, from: 0, to: Math.PI } as const;
  const lower = { centre: [1, 0.5], radius: 1, from: Math.PI, to: 2 * Math.PI } as const;
  return blurredArcs('twoMoons', [upper, lower], noise);
}

export interface RingsOptions {
  /** The radius of each ring. @defaultValue [1, 2, 3] */
  readonly radii?: readonly number[];
  /** Standard deviation of the noise around the rings. @defaultValue 0.1 */
  readonly noise?: number;
}

/**
 * Circles around the origin, blurred; each holds the same mass.
 *
 * @example
 * ```ts
 * const points = planeDataset(rings({ radii: [1, 2] }), { key });
 * ```
 */
export function rings(options: RingsOptions = {}): PlaneDensity {
  checkOptions('rings', options, ['radii', 'noise']);
  const { radii = [1, 2, 3], noise = 0.1 } = options;
  checkNumber('rings', 'noise', noise, { above: 0 });
  checkInteger('rings', 'radii.length', radii.length);
  radii.forEach((radius, ring) => checkNumber('rings', `radii[${ring}]`, radius, { above: 0 }));
  const circles = radii.map((radius) => ({ centre: [0, 0], radius, from: 0, to: 2 * Math.PI }) as const);
  return blurredArcs('rings', circles, noise);
}

/** A piece of a circle; angles in radians, against the clock from the x axis. */
interface Arc {
  readonly centre: readonly [x: number, y: number];
  readonly radius: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A point on one of the arcs, each as likely as the others, uniform along it, plus round Gaussian noise of standard
 * deviation $\sigma$:
 *
 * $p(x) = \frac1K \sum_k \int \frac{d\theta}{\theta_1 - \theta_0} \mathcal{N}(x; c_k(\theta), \sigma^2 I)$,
 *
 * with the integral by Gauss-Legendre quadrature on pieces shorter than the blur; the logarithm is right to 1e-8 and
 * better, far from the arcs too.
 */
function blurredArcs(name: string, arcs: readonly Arc[], noise: number): PlaneDensity {
  const nodes = arcs.flatMap((arc) => quadratureNodes(arc, noise, arcs.length));
  const logNormalizer = -Math.log(2 * Math.PI * noise ** 2);
  return planeDensity({
    name,
    draw: (random) => {
      const part = random.below(arcs.length);
      const { centre, radius, from, to } = arcs[part]!;
      const angle = from + (to - from) * random.uniform();
      return {
        x: centre[0] + radius * Math.cos(angle) + noise * random.normal(),
        y: centre[1] + radius * Math.sin(angle) + noise * random.normal(),
        part,
      };
    },
    logDensityAt: (x, y) =>
      logNormalizer +
      logSumExp(
        nodes.map(
          (node) => node.logWeight - 0.5 * (((x - node.x) / noise) ** 2 + ((y - node.y) / noise) ** 2),
        ),
      ),
  });
}

interface Node {
  readonly x: number;
  readonly y: number;
  readonly logWeight: number;
}

/** Points along an arc, and the share of the mass that each stands for. */
function quadratureNodes({ centre, radius, from, to }: Arc, noise: number, numArcs: number): Node[] {
  const pieces = 4 + Math.ceil((radius * (to - from)) / noise);
  return Array.from({ length: pieces }, (_, piece) =>
    GAUSS_LEGENDRE.map(([place, weight]) => {
      const angle = from + ((to - from) * (piece + 0.5 * (1 + place))) / pieces;
      return {
        x: centre[0] + radius * Math.cos(angle),
        y: centre[1] + radius * Math.sin(angle),
        logWeight: Math.log((0.5 * weight) / (pieces * numArcs)),
      };
    }),
  ).flat();
}

/** Places and weights on [-1, 1] that integrate polynomials of degree 15 exactly. */
const GAUSS_LEGENDRE: readonly (readonly [place: number, weight: number])[] = [
  [0.1834346424956498, 0.362683783378362],
  [0.525532409916329, 0.3137066458778873],
  [0.7966664774136267, 0.2223810344533745],
  [0.9602898564975363, 0.1012285362903763],
].flatMap(([place, weight]) => [[-place!, weight!] as const, [place!, weight!] as const]);
