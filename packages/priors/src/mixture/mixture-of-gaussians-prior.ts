import {
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  checkSizes,
  disposeOnThrow,
  Independent,
  Normal,
} from '@dgm/core';
import type { ConditionalDistribution, Distribution, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { BaseMixturePrior } from './base-mixture-prior';
import type { MixturePriorOptions } from './base-mixture-prior';

export interface MixtureOfGaussiansPriorOptions extends MixturePriorOptions {
  /** The shape of z. */
  readonly shape: Shape;
  /** The number K of components. */
  readonly components: number;
  /** Randomness of the initial means and log-variances, which are standard normal draws. */
  readonly key: Key;
  /**
   * What the initial means are multiplied by.
   * @defaultValue 1
   */
  readonly spread?: number;
}

class MixtureOfGaussiansPrior extends BaseMixturePrior {
  readonly #rank: number;
  readonly #means: Variable;
  readonly #logVariances: Variable;

  constructor({ shape, components, key, spread = 1, ...options }: MixtureOfGaussiansPriorOptions) {
    super(components, options);
    this.#rank = shape.length;
    const size = [components, ...shape];
    this.#means = this.parameter(
      'means',
      tf.tidy(() => tf.mul(spread, key.fold('means').normal(size))),
    );
    this.#logVariances = this.parameter('logVariances', key.fold('logVariances').normal(size));
  }

  /** $\mathcal{N}(z | \mu_k, \sigma_k^2)$. */
  protected components(): Distribution {
    return new Independent(
      new Normal(this.#means, { logScale: tf.mul(0.5, this.#logVariances) }),
      this.#rank,
    );
  }
}

/**
 * A mixture of Gaussians with diagonal covariances: $p_\lambda(z) = \sum_k w_k\, \mathcal{N}(z | \mu_k, \sigma_k^2)$,
 * where weights, means and variances are learned.
 * @see DGM §4.4.1.2, Eq. 4.47, Listing 4.7 (whose `log_prob` and `sample` are mended: {@link BaseMixturePrior})
 *
 * @example
 * ```ts
 * const model = vae({
 *   encoder: mlp([64, 64, 2 * 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [8] }),
 *   prior: mixtureOfGaussiansPrior({ shape: [8], components: 16, key: key.fold('prior') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function mixtureOfGaussiansPrior(options: MixtureOfGaussiansPriorOptions): ConditionalDistribution {
  const where = 'mixtureOfGaussiansPrior';
  checkOptions(where, options, ['shape', 'components', 'key', 'spread', 'weights']);
  checkSizes(where, 'shape', options.shape);
  checkInteger(where, 'components', options.components);
  checkKey(where, options.key);
  checkNumber(where, 'spread', options.spread ?? 1, { min: 0 });
  const prior = disposeOnThrow(() => new MixtureOfGaussiansPrior(options));
  return record(prior, 'mixtureOfGaussiansPrior', arguments);
}
