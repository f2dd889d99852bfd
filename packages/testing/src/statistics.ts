/** The largest distance between the empirical distribution of the draws and a distribution function, times sqrt(n). */
export function kolmogorovSmirnov(draws: readonly number[], cdf: (x: number) => number): number {
  const sorted = [...draws].sort((a, b) => a - b);
  const n = sorted.length;
  const distance = sorted.reduce((largest, x, index) => {
    const probability = cdf(x);
    return Math.max(largest, (index + 1) / n - probability, probability - index / n);
  }, 0);
  return distance * Math.sqrt(n);
}

/**
 * The value that {@link kolmogorovSmirnov} exceeds with the probability of a normal variable beyond 4 standard errors
 * (6.3e-5), by the asymptotic tail $2 e^{-2 d^2}$.
 */
export const KOLMOGOROV_SMIRNOV_LIMIT = Math.sqrt(-Math.log(6.334e-5 / 2) / 2);

/**
 * Pearson's chi-square statistic of counts against probabilities, as a standard normal score (Wilson and Hilferty,
 * 1931). Cells that expect fewer than 5 counts are pooled; an impossible outcome gives Infinity.
 */
export function chiSquareScore(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cells: { observed: number; expected: number }[] = [];
  let pool = { observed: 0, expected: 0 };
  counts.forEach((observed, index) => {
    const cell = { observed, expected: total * probabilities[index]! };
    if (cell.expected >= 5) cells.push(cell);
    else pool = { observed: pool.observed + observed, expected: pool.expected + cell.expected };
  });
  if (pool.expected >= 1) cells.push(pool);
  else if (pool.observed > 0 && pool.expected < 1e-3) return Infinity;
  const degrees = cells.length - 1;
  if (degrees < 1) return 0;
  const statistic = cells.reduce(
    (sum, { observed, expected }) => sum + (observed - expected) ** 2 / expected,
    0,
  );
  const spread = 2 / (9 * degrees);
  return (Math.cbrt(statistic / degrees) - (1 - spread)) / Math.sqrt(spread);
}

/** Mean and its standard error. */
export function meanAndError(values: readonly number[]): { mean: number; standardError: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (n - 1) / n) };
}
