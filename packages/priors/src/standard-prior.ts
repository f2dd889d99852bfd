import { BaseModule, standardNormal } from '@dgm/core';
import type { ConditionalDistribution, Distribution, Shape } from '@dgm/core';

/** The standard normal as a prior among those that are learned; it has nothing to learn itself. */
class StandardPrior extends BaseModule implements ConditionalDistribution {
  readonly #normal: Distribution;

  constructor(shape: Shape) {
    super();
    this.#normal = standardNormal(shape);
  }

  given(): Distribution {
    return this.#normal;
  }
}

/**
 * $p(z) = \mathcal{N}(z | 0, I)$, which nothing is learned of.
 * @param options - `shape` of z
 * @see DGM §4.4.1.1, Listing 4.6
 */
export function standardPrior({ shape }: { readonly shape: Shape }): ConditionalDistribution {
  return new StandardPrior(shape);
}
