/** What a map of two latent variables shows: where the prior puts its mass, and where the examples lie. */
export interface LatentMap {
  /** The ends of the axes, equally long. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** The number of grid lines along an axis, the ends among them. */
  readonly size: number;
  /** $\ln p(z)$ at the crossings of the grid, row by row from the lowest y; null where it is not finite. */
  readonly logPrior: readonly (number | null)[];
  /** A draw of the posterior of each example. */
  readonly points: readonly (readonly [number, number])[];
  /** The class of each example, where there are classes. */
  readonly labels?: readonly number[];
}
