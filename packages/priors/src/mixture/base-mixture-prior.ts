import { BaseModule, checkContext, checkOneOf, Mixture } from '@dgm/core';
import type { CallOptions, ConditionalDistribution, Distribution } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What every prior that is a mixture can be told. */
export interface MixturePriorOptions {
  /**
   * Whether the components' weights are learned, from equal ones on, or stay equal.
   * @defaultValue 'learned'
   */
  readonly weights?: 'learned' | 'equal';
}

/**
 * The base of priors that are a mixture, $p_\lambda(z) = \sum_k w_k\, p_k(z)$ (DGM Eq. 4.47, 4.49, 4.52, 4.53): an
 * author writes `components`, and calls the constructor with their number.
 *
 * A component is a density of the whole z, and a draw is one of its component. Listings 4.7-4.10 mix each dimension by
 * itself in `log_prob`, which is another distribution, and take the variance for the standard deviation in `sample`.
 */
export abstract class BaseMixturePrior extends BaseModule implements ConditionalDistribution {
  readonly contextSize = 0;
  readonly #logits: Tensor | readonly number[];

  constructor(count: number, { weights = 'learned' }: MixturePriorOptions = {}) {
    super();
    checkOneOf(new.target.name, 'weights', weights, ['learned', 'equal']);
    this.#logits =
      weights === 'learned'
        ? this.parameter('logits', tf.zeros([count]))
        : Array.from({ length: count }, () => 0);
  }

  /**
   * The mixture. It borrows the components' parameters: call this inside `tf.tidy`.
   * @param call - for networks that are not the same in training
   */
  given(context?: Tensor, call: CallOptions = {}): Distribution {
    checkContext(`${this.constructor.name}.given`, context, this);
    return new Mixture(this.#logits, this.components(call));
  }

  /** The components $p_k(z)$: one distribution with the batch `[K]`. */
  protected abstract components(call: CallOptions): Distribution;
}
