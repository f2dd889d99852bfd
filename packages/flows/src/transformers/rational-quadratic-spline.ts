import type { ForwardResult, InverseResult } from '@dgm/core';
import { selectByMask, softplus } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import {
  binOf,
  inside,
  intervalOf,
  leftEnds,
  movedBetween,
  pick,
  shares,
  type Interval,
  type PiecewiseOptions,
} from './piecewise';
import type { Transformer } from './transformer';

export interface RationalQuadraticSplineOptions extends PiecewiseOptions {
  /**
   * Whether slopes at the two ends are learned too, which leaves a kink there.
   * @defaultValue false
   */
  readonly freeEnds?: boolean;
}

/** No slope gets smaller than this, nor larger: squares of slopes must stay numbers. */
const SMALLEST_SLOPE = 1e-3;
const LARGEST_SLOPE = 1e3;

/** What softplus is given besides a raw 0 so that the slope is 1. */
const RAW_OF_ONE = Math.log(Math.expm1(1 - SMALLEST_SLOPE));

/**
 * A monotone spline of quotients of quadratics between knots, the identity outside of `[minimum, maximum]`.
 *
 * Parameters of an element: logits of the bins' widths on the side of the data, logits of their heights on that of the
 * latents, then raw slopes at the inner knots (with `freeEnds` at all). The inverse, from data to latent, is evaluated
 * directly, and the forward direction solves a quadratic in the form that does not cancel.
 * @see Neural Spline Flows (Durkan et al., 2019), Eq. 4-8
 *
 * @example
 * ```ts
 * const transformer = rationalQuadraticSpline({ bins: 8 });
 * const layer = new Coupling({
 *   mask: halfMask(8),
 *   network: mlp([4, 32, 4 * transformer.numParameters], { key }), // 8 + 8 + 7 for each element
 *   transformer,
 * });
 * ```
 */
export function rationalQuadraticSpline({
  freeEnds = false,
  ...options
}: RationalQuadraticSplineOptions = {}): Transformer {
  const interval = intervalOf(options, 'rationalQuadraticSpline');
  const transformer: Transformer = {
    numParameters: 3 * interval.bins + (freeEnds ? 1 : -1),
    inverse: (y, parameters) => toLatent(y, knotsOf(parameters, interval, freeEnds), interval),
    forward: (z, parameters) => toData(z, knotsOf(parameters, interval, freeEnds), interval),
  };
  return record(transformer, 'rationalQuadraticSpline', arguments);
}

/** Per bin, `[..., bins]`: ends and sizes on the data's side (x) and on the latents' (v), and the slopes dv/dx at both ends. */
interface Knots {
  readonly x: Tensor;
  readonly width: Tensor;
  readonly v: Tensor;
  readonly height: Tensor;
  readonly delta0: Tensor;
  readonly delta1: Tensor;
}

function knotsOf(parameters: Tensor, interval: Interval, freeEnds: boolean): Knots {
  const { bins, minimum, width } = interval;
  const [rawWidths, rawHeights, rawSlopes] = tf.split(
    parameters,
    [bins, bins, bins + (freeEnds ? 1 : -1)],
    -1,
  ) as [Tensor, Tensor, Tensor];
  const widths = tf.mul(width, shares(rawWidths, interval));
  const heights = tf.mul(width, shares(rawHeights, interval));
  const bounded = tf.minimum(tf.add(rawSlopes, RAW_OF_ONE), LARGEST_SLOPE);
  const learned = tf.add(SMALLEST_SLOPE, softplus(bounded));
  const end = tf.ones([...rawSlopes.shape.slice(0, -1), 1]);
  const slopes = freeEnds ? learned : tf.concat([end, learned, end], -1);
  const lead = slopes.shape.slice(0, -1);
  const zeros = lead.map(() => 0);
  return {
    x: leftEnds(widths, minimum),
    width: widths,
    v: leftEnds(heights, minimum),
    height: heights,
    delta0: tf.slice(slopes, [...zeros, 0], [...lead, bins]),
    delta1: tf.slice(slopes, [...zeros, 1], [...lead, bins]),
  };
}

/** The quantities of the bin that a point lies in. */
function ofBin(knots: Knots, bin: Tensor): Knots {
  return {
    x: pick(bin, knots.x),
    width: pick(bin, knots.width),
    v: pick(bin, knots.v),
    height: pick(bin, knots.height),
    delta0: pick(bin, knots.delta0),
    delta1: pick(bin, knots.delta1),
  };
}

/** $v(\xi)$ and $\ln dv/dx$ at the relative position $\xi$ within a bin (Eq. 4, 5). */
function evaluate(
  { v, height, width, delta0, delta1 }: Knots,
  xi: Tensor,
): { value: Tensor; logSlope: Tensor } {
  const rest = tf.sub(1, xi);
  const product = tf.mul(xi, rest);
  const s = tf.div(height, width);
  // s + (delta1 + delta0 - 2 s) xi (1 - xi)
  const denominator = tf.add(s, tf.mul(tf.sub(tf.add(delta0, delta1), tf.mul(2, s)), product));
  const numerator = tf.add(tf.mul(s, tf.square(xi)), tf.mul(delta0, product));
  const slope = tf.addN([
    tf.mul(delta1, tf.square(xi)),
    tf.mul(tf.mul(2, s), product),
    tf.mul(delta0, tf.square(rest)),
  ]);
  return {
    value: tf.add(v, tf.div(tf.mul(height, numerator), denominator)),
    logSlope: tf.sub(tf.add(tf.mul(2, tf.log(s)), tf.log(slope)), tf.mul(2, tf.log(denominator))),
  };
}

function toLatent(y: Tensor, knots: Knots, interval: Interval): InverseResult {
  const within = inside(y, interval);
  const safe = selectByMask(within, y, (interval.minimum + interval.maximum) / 2);
  const bin = ofBin(knots, binOf(safe, knots.x));
  // Beyond the end of a narrow bin, steep slopes give NaN; beyond the interval, a base may have no density.
  const xi = movedBetween(0, tf.div(tf.sub(safe, bin.x), bin.width), 1);
  const { value: raw, logSlope } = evaluate(bin, xi);
  const value = movedBetween(interval.minimum, raw, interval.maximum);
  return { z: selectByMask(within, value, y), logDet: selectByMask(within, logSlope, 0) };
}

function toData(z: Tensor, knots: Knots, interval: Interval): ForwardResult {
  const within = inside(z, interval);
  const safe = selectByMask(within, z, (interval.minimum + interval.maximum) / 2);
  const bin = ofBin(knots, binOf(safe, knots.v));
  const xi = movedBetween(0, positionOf(bin, tf.sub(safe, bin.v)), 1);
  const { logSlope } = evaluate(bin, xi);
  const value = movedBetween(interval.minimum, tf.add(bin.x, tf.mul(xi, bin.width)), interval.maximum);
  return { y: selectByMask(within, value, z), logDet: selectByMask(within, tf.neg(logSlope), 0) };
}

/** The root in [0, 1] of Eq. 6-8: 2c / (-b - sqrt(b^2 - 4ac)), where nothing cancels. */
function positionOf({ width, height, delta0, delta1 }: Knots, rise: Tensor): Tensor {
  const s = tf.div(height, width);
  const bend = tf.mul(rise, tf.sub(tf.add(delta0, delta1), tf.mul(2, s)));
  const a = tf.add(tf.mul(height, tf.sub(s, delta0)), bend);
  const b = tf.sub(tf.mul(height, delta0), bend);
  const c = tf.neg(tf.mul(s, rise));
  const discriminant = tf.relu(tf.sub(tf.square(b), tf.mul(4, tf.mul(a, c))));
  return tf.div(tf.mul(2, c), tf.sub(tf.neg(b), tf.sqrt(tf.add(discriminant, 1e-30))));
}
