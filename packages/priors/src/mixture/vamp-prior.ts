import { checkGiven, checkKey, checkOptions } from '@dgm/core';
import type { ConditionalDistribution, Distribution, Key } from '@dgm/core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { encode } from '../encoder';
import type { Encoder } from '../encoder';
import { build } from '../record';
import { BaseMixturePrior } from './base-mixture-prior';
import type { MixturePriorOptions } from './base-mixture-prior';
import type { PseudoInputs } from './pseudo-inputs';

export interface VampPriorOptions extends MixturePriorOptions {
  /** The model's own encoder; borrowed. */
  readonly encoder: Encoder;
  /** Where learning starts: `randomPseudoInputs`, `dataPseudoInputs`, `meanPseudoInputs`, or a function of yours. */
  readonly pseudoInputs: PseudoInputs;
  /** Randomness of the initial pseudo-inputs. */
  readonly key: Key;
}

/** A prior with inputs of the encoder that can be looked at. */
export interface PseudoInputPrior extends ConditionalDistribution {
  /** The pseudo-inputs as they now are, `[K, ...event]`; the caller owns them. */
  pseudoInputs(): Tensor;
}

class VampPrior extends BaseMixturePrior implements PseudoInputPrior {
  readonly #encoder: Encoder;
  readonly #inputs: Variable;

  constructor({ encoder, pseudoInputs, key, ...options }: VampPriorOptions) {
    const initial = pseudoInputs(key);
    super(initial.shape[0]!, options);
    this.#encoder = encoder;
    this.#inputs = this.parameter('pseudoInputs', initial);
  }

  pseudoInputs(): Tensor {
    return this.#inputs.clone();
  }

  /** $q_\phi(z | u_k)$, with the encoder as at evaluation. */
  protected components(): Distribution {
    return encode(this.#encoder, this.#inputs);
  }
}

/**
 * The variational mixture of posteriors: $p_\lambda(z) = \sum_k w_k\, q_\phi(z | u_k)$, the encoder at K learned
 * pseudo-inputs $u_k$. Equal weights give Eq. 4.48, with the 1/K that its print writes as 1/N.
 *
 * The encoder has no dropout here, in training as at evaluation: the components of the prior are then the same for all
 * rows and steps, as in the paper.
 *
 * @example
 * ```ts
 * const encoder = mlp([64, 256, 4], { key: key.fold('encoder') });
 * const posterior = normalHead({ shape: [2] });
 * const prior = vampPrior({
 *   encoder: conditional(encoder, posterior),
 *   pseudoInputs: dataPseudoInputs(data.train, { count: 16 }),
 *   key,
 * });
 * const decoder = mlp([2, 256, 64 * 17], { key: key.fold('decoder') });
 * const likelihood = categoricalHead({ shape: [64], levels: 17 });
 * const model = vae({ encoder, posterior, prior, decoder, likelihood });
 * ```
 * @see DGM §4.4.1.3, Eq. 4.48, 4.49, Listing 4.8. VAE with a VampPrior (Tomczak and Welling, 2018)
 */
export function vampPrior(options: VampPriorOptions): PseudoInputPrior {
  checkOptions('vampPrior', options, ['encoder', 'pseudoInputs', 'key', 'weights']);
  checkGiven('vampPrior', 'encoder', options.encoder, 'to be the encoder of the model');
  checkGiven(
    'vampPrior',
    'pseudoInputs',
    options.pseudoInputs,
    'to be a function such as dataPseudoInputs(...)',
  );
  checkKey('vampPrior', options.key);
  return build(() => new VampPrior(options), 'vampPrior', arguments);
}
