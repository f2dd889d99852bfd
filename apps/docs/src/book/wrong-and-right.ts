const LN_2PI = Math.log(2 * Math.PI);

const logNormal = (x: number, mean: number, std: number): number =>
  -0.5 * (LN_2PI + ((x - mean) / std) ** 2) - Math.log(std);

const logSumExp = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

/** Log-densities at (x, y) of two normal components at (-m, -m) and (m, m) with equal weights. */
export function mixture(
  [x, y]: readonly [number, number],
  { mean, std }: { readonly mean: number; readonly std: number },
): { readonly wrong: number; readonly right: number } {
  const component = (sign: number): [number, number] => [
    logNormal(x, sign * mean, std) + Math.log(0.5),
    logNormal(y, sign * mean, std) + Math.log(0.5),
  ];
  const [[lowX, lowY], [highX, highY]] = [component(-1), component(1)];
  return {
    // A mixture of each dimension: the product has four modes, two of which are nowhere in the data.
    wrong: logSumExp(lowX, highX) + logSumExp(lowY, highY),
    // A weight counts once for a component, not once for each dimension.
    right: logSumExp(lowX + lowY, highX + highY) - Math.log(0.5),
  };
}

/**
 * The standard deviation of Langevin chains $x' = x + a \nabla \ln p(x) + s \epsilon$ on N(0, 1) after some steps from 0, exactly:
 * $v' = (1 - a)^2 v + s^2$.
 */
export function langevinDeviation({
  stepSize,
  noise,
  steps,
}: {
  readonly stepSize: number;
  readonly noise: number;
  readonly steps: number;
}): number {
  let variance = 0;
  for (let step = 0; step < steps; step++) variance = (1 - stepSize) ** 2 * variance + noise ** 2;
  return Math.sqrt(variance);
}

/**
 * The expected log-density, nats, that a diffusion gives one step of a N(0, 1) variable with noise $\beta$: with the mean at
 * $\sqrt{1 - \beta} z_{i-1}$ as it is, and at $\sqrt{1 - \beta} z_i$ as in the listing.
 */
export function forwardLogDensity(beta: number): { readonly wrong: number; readonly right: number } {
  const constant = -0.5 * (LN_2PI + Math.log(beta));
  return { right: constant - 0.5, wrong: constant - (1 - Math.sqrt(1 - beta)) ** 2 / (2 * beta) };
}

/** How many nats too good a likelihood of `dims` integers is, whose noise fills only a share of each cell. */
export function dequantizationGain({
  dims,
  share,
}: {
  readonly dims: number;
  readonly share: number;
}): number {
  return -dims * Math.log(share);
}

/**
 * Estimates of the trace of a matrix by as many vectors of signs, those of the numbers 1, 2, ... in binary: the product with the sums of
 * the columns as in the published code, whose expectation is 0, and the quadratic form of Hutchinson, whose expectation is the trace.
 */
export function traceEstimates(
  matrix: readonly (readonly number[])[],
  vectors: number,
): { readonly wrong: number; readonly right: number; readonly truth: number } {
  const sizes = matrix.map((_, index) => index);
  let [wrong, right] = [0, 0];
  for (let vector = 1; vector <= vectors; vector++) {
    const signs = sizes.map((index) => ((vector >> index) & 1 ? 1 : -1));
    for (const row of sizes)
      for (const column of sizes) {
        wrong += (matrix[row]![column]! * signs[column]!) / vectors;
        right += (signs[row]! * matrix[row]![column]! * signs[column]!) / vectors;
      }
  }
  return { wrong, right, truth: sizes.reduce((sum, index) => sum + matrix[index]![index]!, 0) };
}
