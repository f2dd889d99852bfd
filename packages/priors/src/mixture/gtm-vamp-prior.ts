import { asLayer, checkGiven, checkOptions, childCall } from '@dgm/core';
import type { CallOptions, Distribution, Layer, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { encode } from '../encoder';
import type { Encoder } from '../encoder';
import { build } from '../record';
import { BaseMixturePrior } from './base-mixture-prior';
import type { MixturePriorOptions } from './base-mixture-prior';
import { latentGrid } from './latent-grid';
import type { LatentGridOptions } from './latent-grid';
import type { PseudoInputPrior } from './vamp-prior';

export interface GtmVampPriorOptions extends MixturePriorOptions {
  /** The model's own encoder; borrowed. */
  readonly encoder: Encoder;
  /** $g_\gamma$: maps points of the grid, `[K, dimensions]`, to inputs of the encoder, `[K, ...event]`. The prior owns it. */
  readonly network: NetworkLike;
  /** The points $u_k$. */
  readonly grid: LatentGridOptions;
}

class GtmVampPrior extends BaseMixturePrior implements PseudoInputPrior {
  readonly #encoder: Encoder;
  readonly #network: Layer;
  readonly #grid: Variable;

  constructor({ encoder, network, grid, ...options }: GtmVampPriorOptions) {
    const points = latentGrid(grid);
    super(points.shape[0]!, options);
    this.#grid = this.parameter('grid', points, { trainable: false });
    this.#network = this.child('network', asLayer(network));
    this.#encoder = encoder;
  }

  pseudoInputs(): Tensor {
    return tf.tidy(() => this.#network.apply(this.#grid));
  }

  /** $q_\phi(z | g_\gamma(u_k))$, with the encoder as at evaluation. */
  protected components(call: CallOptions): Distribution {
    return encode(this.#encoder, this.#network.apply(this.#grid, childCall(call, 'network')));
  }
}

/**
 * The VampPrior whose pseudo-inputs a network makes of a fixed grid:
 * $p_\lambda(z) = \sum_k w_k\, q_\phi(z | g_\gamma(u_k))$.
 *
 * The network has to put out inputs on the scale of the data: end it with a sigmoid times the largest value, for images.
 * @see DGM §4.4.1.5, Eq. 4.53, Listing 4.10
 *
 * @example
 * ```ts
 * const network = mlp([64, 64, 2 * 8], { key: key.fold('encoder') });
 * const posterior = normalHead({ shape: [8] });
 * const prior = gtmVampPrior({
 *   encoder: conditional(network, posterior),
 *   network: new Sequential([
 *     mlp([2, 64, 64], { key: key.fold('grid'), outputActivation: 'sigmoid' }),
 *     new ActivationLayer((u) => tf.mul(u, 16)), // levels 0 to 16
 *   ]),
 *   grid: { pointsPerAxis: 4 }, // K = 16
 * });
 * ```
 */
export function gtmVampPrior(options: GtmVampPriorOptions): PseudoInputPrior {
  checkOptions('gtmVampPrior', options, ['encoder', 'network', 'grid', 'weights']);
  checkGiven('gtmVampPrior', 'encoder', options.encoder, 'to be the encoder of the model');
  return build(() => new GtmVampPrior(options), 'gtmVampPrior', arguments);
}
