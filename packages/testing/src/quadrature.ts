/** Points and weights: the integral of f is about the sum of `weights[i] * f(points[i])`. Points ascend. */
export interface Rule {
  readonly points: readonly number[];
  readonly weights: readonly number[];
}

/** An interval of the real line, and where and how wide the mass in it is, if unbounded. */
export interface Interval {
  readonly from?: number;
  readonly to?: number;
  /** Where most of the mass lies; 0 if not given. Unused for a bounded interval. */
  readonly center?: number;
  /** The width of the mass; 1 if not given. Unused for a bounded interval. */
  readonly scale?: number;
}

/** How far out the double-exponential substitutions go, in their own variable. */
const REACH = 3.8;

/**
 * A double-exponential rule (Takahasi and Mori, 1974): the trapezoidal rule after a substitution under which the
 * integrand decays double-exponentially at both ends, so that integrable singularities at an end and heavy tails do no
 * harm. Points that float32 would round onto an end are left out.
 */
export function quadratureRule(
  { from = -Infinity, to = Infinity, center = 0, scale = 1 }: Interval,
  count = 801,
): Rule {
  const points: number[] = [];
  const weights: number[] = [];
  const h = (2 * REACH) / (count - 1);
  for (let index = 0; index < count; index++) {
    const u = -REACH + index * h;
    const inner = (Math.PI / 2) * Math.sinh(u);
    const innerSlope = (Math.PI / 2) * Math.cosh(u);
    const { x, slope } = substituted({ from, to, center, scale }, inner);
    const rounded = Math.fround(x);
    if (rounded <= from || rounded >= to) continue;
    points.push(x);
    weights.push(slope * innerSlope * h);
  }
  return { points, weights };
}

function substituted(
  { from, to, center, scale }: Required<Interval>,
  t: number,
): { x: number; slope: number } {
  if (Number.isFinite(from) && Number.isFinite(to)) {
    // A logistic curve, written from the nearer end, so that it reaches numbers as small as a float32 holds next to 0.
    const length = to - from;
    const x = t < 0 ? from + length / (1 + Math.exp(-2 * t)) : to - length / (1 + Math.exp(2 * t));
    return { x, slope: length / 2 / Math.cosh(t) ** 2 };
  }
  if (Number.isFinite(from)) return { x: from + scale * Math.exp(t), slope: scale * Math.exp(t) };
  if (Number.isFinite(to)) return { x: to - scale * Math.exp(-t), slope: scale * Math.exp(-t) };
  return { x: center + scale * Math.sinh(t), slope: scale * Math.cosh(t) };
}

/** The integral of a function of the host over an interval. */
export function quadrature(f: (x: number) => number, interval: Interval, count = 801): number {
  const { points, weights } = quadratureRule(interval, count);
  return points.reduce((sum, x, index) => sum + weights[index]! * f(x), 0);
}

/** The rule of the product of intervals: points are vectors. */
export function productRule(rule: Rule, dimensions: number): { points: number[][]; weights: number[] } {
  let product = { points: [[] as number[]], weights: [1] };
  for (let axis = 0; axis < dimensions; axis++) {
    product = {
      points: product.points.flatMap((point) => rule.points.map((x) => [...point, x])),
      weights: product.weights.flatMap((weight) => rule.weights.map((w) => weight * w)),
    };
  }
  return product;
}
