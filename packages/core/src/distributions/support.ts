import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../errors/dgm-error';
import { selectByMask, selectOverConstant } from '../ops/select';
import { stopGradient } from '../ops/stop-gradient';
import type { Parameter } from './parameters';

/**
 * The space of a distribution's events, and with it the measure that its density refers to: densities over different
 * spaces cannot be compared, and neither a ratio nor a divergence of them means anything.
 */
export type EventSpace = 'reals' | 'integers' | 'sphere' | 'one-hot';

/**
 * Checks that two distributions are over the same space, as posterior and prior must be. A distribution that does not
 * say what its space is passes.
 * @param what - the argument that `other` comes from
 * @throws ArgumentError naming `where` and the two spaces
 */
export function checkSameSpace(
  where: string,
  what: string,
  other: { readonly space?: EventSpace | undefined },
  reference: { readonly space?: EventSpace | undefined },
): void {
  if (other.space === undefined || reference.space === undefined || other.space === reference.space) return;
  throw new ArgumentError({
    where,
    argument: what,
    expected: `to be a distribution over ${inWords[reference.space]}`,
    actual: `one over ${inWords[other.space]}`,
    remedy: 'densities over different spaces cannot be compared: choose both over the same one',
  });
}

const inWords: Readonly<Record<EventSpace, string>> = {
  reals: 'real numbers',
  integers: 'integers',
  sphere: 'the unit sphere',
  'one-hot': 'one-hot vectors',
};

/** A test of values, element by element; false for NaN. */
export type Support = (x: Tensor) => Tensor;

/** The integers from `minimum` to `maximum`. */
export function integers(minimum: number, maximum: number): Support {
  return (x) => tf.equal(x, tf.clipByValue(tf.round(x), minimum, maximum));
}

/** The reals above `low` and below `high`. */
export function openInterval(low: Parameter, high: Parameter): Support {
  return (x) => tf.logicalAnd(tf.greater(x, low), tf.less(x, high));
}

/** The reals from `low` to `high`. */
export function closedInterval(low: Parameter, high: Parameter): Support {
  return (x) => tf.logicalAnd(tf.greaterEqual(x, low), tf.lessEqual(x, high));
}

/**
 * A log-density inside its support, -Infinity outside it, NaN for NaN.
 *
 * The density sees `safe` in place of values outside, where they would give NaN or overflow: even one that is not
 * selected would poison the gradient.
 */
export function onSupport(
  x: Tensor,
  { support, safe, logDensity }: { support: Support; safe?: Parameter; logDensity: (x: Tensor) => Tensor },
): Tensor {
  const inside = support(x);
  // NaN stays NaN: a broken input must not look like an improbable one.
  const outside = tf.sub(-Infinity, tf.abs(stopGradient(x)));
  return selectOverConstant(
    inside,
    logDensity(safe === undefined ? x : selectByMask(inside, x, safe)),
    outside,
  );
}
