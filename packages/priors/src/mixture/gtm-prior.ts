import { asLayer, checkGiven, checkOptions, childCall } from '@dgm/core';
import type {
  CallOptions,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Layer,
  NetworkLike,
} from '@dgm/core';
import type { Variable } from '@tensorflow/tfjs-core';
import { build } from '../record';
import { BaseMixturePrior } from './base-mixture-prior';
import type { MixturePriorOptions } from './base-mixture-prior';
import { latentGrid } from './latent-grid';
import type { LatentGridOptions } from './latent-grid';

export interface GtmPriorOptions extends MixturePriorOptions {
  /** $g_\gamma$: maps points of the grid, `[K, dimensions]`, to `[K, components.numParameters]`. The prior owns it. */
  readonly network: NetworkLike;
  /** The family of a component: `normalHead({ shape: [2] })`. */
  readonly components: DistributionHead;
  /** The points $u_k$; `{ pointsPerAxis: 4 }` makes 16 of them in the square [-1, 1]². */
  readonly grid: LatentGridOptions;
}

class GtmPrior extends BaseMixturePrior {
  readonly #network: Layer;
  readonly #head: DistributionHead;
  readonly #grid: Variable;

  constructor({ network, components, grid, ...options }: GtmPriorOptions) {
    const points = latentGrid(grid);
    super(points.shape[0]!, options);
    this.#grid = this.parameter('grid', points, { trainable: false });
    this.#network = this.child('network', asLayer(network));
    this.#head = components;
  }

  /** $\mathcal{N}(z | \mu_g(u_k), \sigma_g^2(u_k))$. */
  protected components(call: CallOptions): Distribution {
    const parameters = this.#network.apply(this.#grid, childCall(call, 'network'));
    return this.#head.distribution(parameters, childCall(call, 'components'));
  }
}

/**
 * Generative topographic mapping: $p_\lambda(z) = \sum_k w_k\, \mathcal{N}(z | \mu_g(u_k), \sigma_g^2(u_k))$, where a
 * network $g_\gamma$ lays a fixed grid of points $u_k$ into the latent space.
 * @see DGM §4.4.1.4, Eq. 4.50-4.52, Listing 4.9. GTM (Bishop, Svensén and Williams, 1998)
 *
 * @example
 * ```ts
 * const prior = gtmPrior({
 *   network: mlp([2, 64, 2 * 8], { key }), // points of the plane to parameters of a component
 *   components: normalHead({ shape: [8] }),
 *   grid: { pointsPerAxis: 4 }, // K = 16
 * });
 * const z = prior.given().sample(key, [100]); // [100, 8]
 * ```
 */
export function gtmPrior(options: GtmPriorOptions): ConditionalDistribution {
  checkOptions('gtmPrior', options, ['network', 'components', 'grid', 'weights']);
  checkGiven('gtmPrior', 'components', options.components, 'to be a distribution head of z');
  return build(() => new GtmPrior(options), 'gtmPrior', arguments);
}
