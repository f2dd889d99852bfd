/**
 * Points and weights of Gauss and Legendre on [0, 1]: exact for polynomials of degree 2n - 1.
 * @see Digital Library of Mathematical Functions, 3.5(v)
 */
export function gaussLegendre(n: number): { readonly points: number[]; readonly weights: number[] } {
  const nodes = Array.from({ length: n }, (_, index) => {
    let x = Math.cos((Math.PI * (index + 0.75)) / (n + 0.5));
    // Newton's steps double the digits of a start that has three.
    for (let step = 0; step < 4; step++) {
      const { value, slope } = legendre(n, x);
      x -= value / slope;
    }
    return { point: (1 - x) / 2, weight: 1 / ((1 - x * x) * legendre(n, x).slope ** 2) };
  });
  return { points: nodes.map(({ point }) => point), weights: nodes.map(({ weight }) => weight) };
}

/** The Legendre polynomial of degree n and its derivative. */
function legendre(n: number, x: number): { value: number; slope: number } {
  let [previous, value] = [1, x];
  for (let k = 2; k <= n; k++) {
    [previous, value] = [value, ((2 * k - 1) * x * value - (k - 1) * previous) / k];
  }
  return { value, slope: (n * (x * value - previous)) / (x * x - 1) };
}
