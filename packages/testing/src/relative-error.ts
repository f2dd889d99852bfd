/** Below this, a difference counts absolutely. */
const FLOOR = 1e-2;

/**
 * The largest distance of two lists, relative to the larger of an expected value and the expected values' root mean
 * square: what cancels to nearly 0 in one element cannot be more exact than the elements beside it. Where all of them
 * are below 0.01, differences are divided by 0.01.
 * @returns Infinity where one is not finite and the other is not the same
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const values = Array.from(expected);
  if (actual.length !== values.length) return Infinity;
  const finite = values.filter((value) => Number.isFinite(value));
  const scale = Math.sqrt(finite.reduce((sum, value) => sum + value * value, 0) / Math.max(1, finite.length));
  return values.reduce((worst, value, index) => {
    const got = actual[index]!;
    if (Object.is(got, value)) return worst;
    const error = Math.abs(got - value) / Math.max(Math.abs(value), scale, FLOOR);
    return Number.isNaN(error) ? Infinity : Math.max(worst, error);
  }, 0);
}
