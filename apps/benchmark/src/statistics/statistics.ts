/** The mean of some numbers; NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample standard deviation, with n - 1 in its denominator; null for fewer than two numbers. */
export function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** The standard error of the mean of some numbers; null for fewer than two. */
export function standardError(values: readonly number[]): number | null {
  const deviation = standardDeviation(values);
  return deviation === null ? null : deviation / Math.sqrt(values.length);
}

/** As many digits as a measurement means, and a text can show. */
export function rounded(value: number, digits = 5): number {
  return Number(value.toPrecision(digits));
}

/** The middle of some numbers, the mean of the two where there are two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 0 ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[middle]!;
}

/**
 * How much two ways of dividing the same things agree: their mutual information over the mean of their entropies, $2 I(a; b) /
 * (H(a) + H(b))$. It is 1 where one names the parts of the other anew, and 0 where they are independent or both have one part.
 */
export function normalizedMutualInformation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pairs = Array.from(a, (part, index) => `${part} ${b[index]}`);
  const [ofA, ofB, ofBoth] = [entropy(Array.from(a)), entropy(Array.from(b)), entropy(pairs)];
  return ofA + ofB === 0 ? 0 : (2 * (ofA + ofB - ofBoth)) / (ofA + ofB);
}

/** The entropy of the shares of equal values, in nats. */
function entropy(values: readonly unknown[]): number {
  const counts = new Map<unknown, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / values.length);
  return shares.reduce((sum, share) => sum - share * Math.log(share), 0);
}
