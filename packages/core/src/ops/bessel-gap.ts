import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkOrder, LARGE_ORDER, logGammaOfNumber } from './bessel';
import { debyeLogGap, debyeRatio, debyeRatioGap } from './bessel-expansion';
import { elementwise } from './differentiable';
import { log1pValue } from './log-arithmetic';
import { checkOptions } from '../check/check';

/** Where 0 stands for quotients by x that are finite there. */
const TINY = 1e-20;

/**
 * How far a Bessel function falls short of $e^x$ once its leading term is divided out:
 * $x - \ln\left[\Gamma(v+1)\,(x/2)^{-v} I_v(x)\right]$. It is 0 at 0, where `logBesselI` is singular, and rises to infinity.
 *
 * For $v = d/2 - 1$ this is minus the log-density of the von Mises-Fisher distribution in d dimensions at its mode, against the
 * uniform distribution on the sphere. Orders below 16 go down from a large one by
 * $b_v = 1 / (1 + \frac{x^2 b_{v+1}}{4 (v+1)(v+2)})$ with $b_v = \frac{2(v+1)}{x} \frac{I_{v+1}}{I_v}$.
 *
 * @param x - any shape, non-negative.
 * @param options - `order`: v, 0 or more.
 * @returns a tensor of the shape of `x`; relative error below 1e-5 for orders up to 50 and x up to 1e4.
 * @throws {@link ArgumentError} for a negative order.
 */
export function logBesselGap(x: Tensor, { order, ...unknown }: { order: number }): Tensor {
  checkOptions('logBesselGap', unknown, ['order']);
  checkOrder(order, 'logBesselGap');
  return elementwise(
    (x) => {
      const steps = stepsFrom(order);
      const top = order + steps;
      let [gap, b]: Tensor[] = [
        debyeLogGap(x, { order: top, logGamma: logGammaOfNumber(top + 1) }),
        relativeRatio(x, top),
      ];
      const square = tf.square(x);
      for (let v = top - 1; v >= order; v--) {
        const term = tf.mul(tf.mul(square, 1 / (4 * (v + 1) * (v + 2))), b!);
        [gap, b] = [tf.sub(gap!, log1pValue(term)), tf.reciprocal(tf.add(1, term))];
      }
      return gap!;
    },
    // 1 - I_{v+1} / I_v, which is 1 at 0.
    (x) => {
      const safe = tf.add(x, TINY);
      return tf.div(besselRatioGap(safe, { order }), safe);
    },
  )(x);
}

/**
 * $x\,(1 - I_{v+1}(x) / I_v(x))$, which rises from 0 to v + 1/2: what `besselRatio` cannot tell from 1 in float32.
 *
 * Orders below 16 go down from a large one by $g_v = x\,(c - g_{v+1}) / (c + x - g_{v+1})$ with $c = 2v + 2$, which is stable.
 *
 * @param x - any shape, non-negative.
 * @param options - `order`: v, 0 or more.
 * @returns a tensor of the shape of `x`; relative error of value and derivative below 1e-5 for orders up to 50 and x up to 1e4.
 * @throws {@link ArgumentError} for a negative order.
 */
export function besselRatioGap(x: Tensor, { order, ...unknown }: { order: number }): Tensor {
  checkOptions('besselRatioGap', unknown, ['order']);
  checkOrder(order, 'besselRatioGap');
  return elementwise((x) => gapAndSlope(x, order).gap, slopeOf(order))(x);
}

/** The derivative, whose own derivative comes from $g' = 2v + 1 - 2g + g (g - 2v) / x$. */
function slopeOf(order: number): (x: Tensor) => Tensor {
  return elementwise(
    (x) => gapAndSlope(x, order).slope,
    (x) => {
      const safe = tf.add(x, TINY);
      const mean = tf.div(besselRatioGap(safe, { order }), safe); // g / x
      const slope = slopeOf(order)(safe);
      const bend = tf.mul(2 * order, tf.div(tf.sub(slope, mean), safe));
      return tf.sub(tf.sub(tf.mul(mean, tf.sub(tf.mul(2, slope), mean)), tf.mul(2, slope)), bend);
    },
  );
}

function gapAndSlope(x: Tensor, order: number): { gap: Tensor; slope: Tensor } {
  const top = order + stepsFrom(order);
  let { gap, slope } = debyeRatioGap(x, top);
  for (let v = top - 1; v >= order; v--) {
    const rest = tf.sub(2 * v + 2, gap);
    const inverse = tf.reciprocal(tf.add(x, rest));
    const share = tf.mul(x, inverse);
    gap = tf.mul(share, rest);
    slope = tf.sub(tf.square(tf.mul(rest, inverse)), tf.mul(tf.square(share), slope));
  }
  return { gap, slope };
}

/** $\frac{2(v+1)}{x} \frac{I_{v+1}}{I_v}$, which is 1 at 0. */
function relativeRatio(x: Tensor, order: number): Tensor {
  const safe = tf.add(x, TINY);
  return tf.mul(2 * (order + 1), tf.div(debyeRatio(safe, order), safe));
}

function stepsFrom(order: number): number {
  return Math.max(0, Math.ceil(LARGE_ORDER - order));
}
