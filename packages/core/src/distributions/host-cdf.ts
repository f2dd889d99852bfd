import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { logGammaOfNumber } from '../ops/bessel';
import { broadcastTo } from '../ops/broadcast-to';
import { sumToShape, withGradient } from '../ops/differentiable';
import { broadcastShapes, type Shape } from '../shape/shape';
import { valuesOf } from './host-gamma';
import type { Parameter } from './parameters';

/**
 * A function of x and of the parameters of each batch entry, computed on the host in doubles: incomplete gamma and beta
 * functions need loops whose length depends on the values. The gradient flows to x, not to the parameters.
 * @param slope - the derivative by x
 */
export function onHost(
  x: Tensor,
  { batchShape, parameters }: { readonly batchShape: Shape; readonly parameters: readonly Parameter[] },
  compute: (x: number, ...parameters: number[]) => number,
  slope: (x: Tensor) => Tensor,
): Tensor {
  const shape = broadcastShapes(x.shape, batchShape);
  return withGradient(
    [x],
    ([x]) => {
      const points = broadcastTo(x!, shape).dataSync();
      const values = parameters.map((parameter) => valuesOf(parameter, batchShape));
      const results = Float32Array.from(points, (point, index) =>
        compute(point, ...values.map((each) => each[index % each.length]!)),
      );
      return tf.tensor(results, [...shape]);
    },
    (dy, [x]) => [sumToShape(tf.mul(dy, slope(x!)), x!.shape)],
  );
}

/** $P(a, x)$, the distribution function of Gamma(a, 1). */
export function gammaCdf(x: number, a: number): number {
  return gammaShares(x, a).below;
}

/** $Q(a, x) = 1 - P(a, x)$, which keeps its relative precision where it is small. */
export function gammaTail(x: number, a: number): number {
  return gammaShares(x, a).above;
}

function gammaShares(x: number, a: number): { readonly below: number; readonly above: number } {
  if (Number.isNaN(x)) return { below: NaN, above: NaN };
  if (!(x > 0)) return { below: 0, above: 1 };
  if (x === Infinity) return { below: 1, above: 0 };
  const front = Math.exp(a * Math.log(x) - x - logGammaOfNumber(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MOST_TERMS && term > sum * PRECISION; n++) sum += term *= x / (a + n);
    const below = Math.min(front * sum, 1);
    return { below, above: 1 - below };
  }
  // The continued fraction of the upper tail, by Lentz's method.
  const above = front * lentz(x + 1 - a, (n) => [-n * (n - a), x + 2 * n + 1 - a]);
  return { below: 1 - above, above };
}

/** $I_x(a, b)$, the distribution function of Beta(a, b). */
export function betaCdf(x: number, a: number, b: number): number {
  return betaShares(x, 1 - x, a, b);
}

/** The distribution function of Student's t with `nu` degrees of freedom. */
export function studentCdf(x: number, nu: number): number {
  const square = x * x;
  const tail =
    0.5 * betaShares(nu / (nu + square), square === Infinity ? 1 : square / (nu + square), nu / 2, 0.5);
  return x > 0 ? 1 - tail : tail;
}

/** `rest` is 1 - x, which may be known more exactly than the difference. */
function betaShares(x: number, rest: number, a: number, b: number): number {
  if (!(x > 0)) return Number.isNaN(x) ? NaN : 0;
  if (!(rest > 0)) return 1;
  // The fraction converges fast below the mean; above it the other tail does.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShares(rest, x, b, a);
  const front =
    Math.exp(
      a * Math.log(x) +
        b * Math.log(rest) +
        logGammaOfNumber(a + b) -
        logGammaOfNumber(a) -
        logGammaOfNumber(b),
    ) / a;
  const fraction = lentz(1, (index) => {
    const m = Math.floor(index / 2);
    const numerator =
      index % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    return [numerator, 1];
  });
  return front * fraction;
}

/** $1 / (b_0 + \tfrac{a_1}{b_1 + \tfrac{a_2}{b_2 + \dots}})$ for `terms(n)` = $[a_n, b_n]$. */
function lentz(first: number, terms: (n: number) => readonly [number, number]): number {
  const away = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let d = 1 / away(first);
  let c = Infinity;
  let fraction = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const [numerator, denominator] = terms(n);
    d = 1 / away(denominator + numerator * d);
    c = away(denominator + numerator / c);
    const factor = c * d;
    fraction *= factor;
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return fraction;
}

/** The point at which an increasing function of a real number reaches `p`, by bisection. */
export function bisect(
  p: number,
  cdf: (t: number) => number,
  [low, high]: readonly [number, number],
): number {
  let [from, to] = [low, high];
  for (let i = 0; i < 64; i++) {
    const middle = (from + to) / 2;
    if (cdf(middle) < p) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

/** The least integer from 0 on for which an increasing condition holds, searched outward from `guess`; Infinity where none is. */
export function leastInteger(holds: (k: number) => boolean, guess: number): number {
  let [below, above] = [-1, Math.max(Math.ceil(guess), 1)];
  while (!holds(above)) {
    if (above > 2 ** 53) return Infinity;
    [below, above] = [above, 2 * above];
  }
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (holds(middle)) above = middle;
    else below = middle;
  }
  return above;
}

const PRECISION = 1e-12;
const TINY = 1e-300;
const MOST_TERMS = 100_000;
