import {
  asLayer,
  BaseModule,
  checkGiven,
  checkOptions,
  checkSampling,
  checkShape,
  conditional,
  singleObjective,
  sizeOf,
  UnsupportedError,
} from '@dgm/core';
import type {
  BoundModel,
  ConditionalDistribution,
  DistributionHead,
  Key,
  LikelihoodModel,
  NetworkLike,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkHead, checkPosterior } from '../check';
import { besideContext } from '../conditional/conditional-vae';
import { elboTerms, logImportanceWeights } from '../elbo';
import { detached } from '../objectives/detached';
import { networkCalls, outsideTraining } from '../objectives/objective';
import type { AmortizedModel, NetworkCalls, VaeObjective } from '../objectives/objective';
import { record } from '../record';
import { chooseObjective } from '../vae';

export interface AuxiliaryVaeOptions {
  /** $y = d(x)$: integers computed from x, such as a smaller image (`downscale`), `[n, ...event]` to `[n, ...]`. */
  readonly auxiliary: (x: Tensor) => Tensor;
  /** p(y): a VAE, an autoregressive model, another auxiliary VAE. Its event is y's shape. */
  readonly base: BoundModel | LikelihoodModel;
  /** Maps x to the parameters of q(z|x). */
  readonly encoder: NetworkLike;
  /** Maps y, flat, to the parameters of p(z|y). */
  readonly prior: NetworkLike;
  /** Maps z and y side by side, `[n, latent + size of y]`, to the parameters of p(x|z, y). */
  readonly decoder: NetworkLike;
  /** The family of q(z|x) and p(z|y): `normalHead({ shape: [8] })`. */
  readonly latent: DistributionHead;
  /** The family of p(x|z, y). */
  readonly likelihood: DistributionHead;
  /** The objective of x given y, by default `elboObjective()`. The model of y has its own. */
  readonly objective?: VaeObjective;
}

const OPTIONS: readonly (keyof AuxiliaryVaeOptions)[] = [
  'auxiliary',
  'base',
  'encoder',
  'prior',
  'decoder',
  'latent',
  'likelihood',
  'objective',
];

/** The class of {@link auxiliaryVae}. */
export class AuxiliaryVae extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly #auxiliary: (x: Tensor) => Tensor;
  readonly #base: BoundModel | LikelihoodModel;
  readonly #posterior: ConditionalDistribution;
  readonly #detachedPosterior: ConditionalDistribution;
  readonly #prior: ConditionalDistribution;
  readonly #decoder: ConditionalDistribution;
  readonly #objective: VaeObjective;

  constructor(options: AuxiliaryVaeOptions) {
    super();
    const where = 'auxiliaryVae';
    checkOptions(where, options, OPTIONS);
    const { auxiliary, base, latent, likelihood } = options;
    checkGiven(where, 'auxiliary', auxiliary, 'to be a function of x');
    checkGiven(where, 'base', base, 'to be a model of what auxiliary makes');
    checkPosterior(where, latent);
    checkHead(where, 'likelihood', likelihood);
    this.#objective = chooseObjective(where, options);
    this.eventShape = likelihood.eventShape;
    this.levels = likelihood.levels;
    this.#auxiliary = auxiliary;
    const encoder = asLayer(options.encoder);
    this.#base = this.child('base', base);
    this.#posterior = this.child('encoder', conditional(encoder, latent));
    this.#detachedPosterior = conditional(encoder, detached(latent));
    this.#prior = this.child('prior', conditional(options.prior, latent));
    this.#decoder = this.child('decoder', conditional(options.decoder, likelihood));
  }

  /**
   * The latent-variable model of x given y. It borrows y: call this inside `tf.tidy`.
   * @param y - `[n, ...]`
   * @param calls - call options of the networks, whose `training` flag may change them
   */
  given(y: Tensor, calls: NetworkCalls = outsideTraining): AmortizedModel {
    return {
      encode: (x) => this.#posterior.given(x, calls('encoder')),
      encodeDetached: (x) => this.#detachedPosterior.given(x, calls('encoder')),
      decode: (z) => this.#decoder.given(besideContext(z, flat(y)), calls('decoder')),
      prior: () => this.#prior.given(flat(y), calls('prior')),
    };
  }

  /** The bound with one draw of each latent variable, in nats, `[n]`. */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const y = this.#auxiliaryOf(x, 'elbo');
      const { reconstruction, regularizer } = elboTerms(this.given(y), x, key);
      return tf.add(this.#logProbOfAuxiliary(y, key.fold('base')), tf.sub(reconstruction, regularizer));
    });
  }

  /**
   * Logarithms of K importance weights of each example, in nats, `[K, n]`; memory grows with K times n.
   * @throws UnsupportedError if p(y) has a bound and no weights
   */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    return tf.tidy(() => {
      const y = this.#auxiliaryOf(x, 'logWeights');
      const ofX = logImportanceWeights(this.given(y), x, key, numSamples);
      return tf.add(ofX, this.#logWeightsOfAuxiliary(y, key.fold('base'), numSamples));
    });
  }

  /** Ancestral sampling: y, then z, then x; `[n, ...event]`. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('AuxiliaryVae.sample', { key, n, options });
    return tf.tidy(() => this.complete(this.#base.sample(key.fold('base'), n), key));
  }

  /**
   * Draws x given y: the details of a small image.
   * @param y - `[n, ...]`
   * @returns `[n, ...event]`
   */
  complete(y: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const model = this.given(y);
      return model.decode(model.prior().sample(key.fold('z'))).sample(key.fold('x'));
    });
  }

  /** One objective: that of y, plus that of x given y. */
  objectives(): readonly Objective[] {
    return singleObjective<Tensor>(this, {
      name: this.#objective.name,
      loss: (x, key, options) => {
        const y = this.#auxiliaryOf(x, 'loss');
        const auxiliary = this.#base.objectives()[0]!.loss(y, key.fold('base'), options).total;
        const model = this.given(y, networkCalls(options, key.fold('networks')));
        const terms = this.#objective.loss(model, x, key, options);
        return { ...terms, total: tf.add<Scalar>(auxiliary, terms.total), auxiliary };
      },
    });
  }

  #logProbOfAuxiliary(y: Tensor, key: Key): Tensor {
    const base = this.#base;
    return base.likelihoodKind === 'exact' ? base.logProb(y, key) : base.elbo(y, key);
  }

  #logWeightsOfAuxiliary(y: Tensor, key: Key, numSamples: number): Tensor {
    const base = this.#base;
    if (base.likelihoodKind === 'exact') return base.logProb(y, key);
    if (base.logWeights !== undefined) return base.logWeights(y, key, numSamples);
    throw new UnsupportedError({
      where: 'AuxiliaryVae.logWeights',
      argument: 'base',
      expected: 'to have logWeights',
      actual: 'a bound alone',
      remedy: 'use elbo',
    });
  }

  #auxiliaryOf(x: Tensor, method: string): Tensor {
    checkShape(`AuxiliaryVae.${method}`, 'x', x, ['n', ...this.eventShape]);
    return this.#auxiliary(x);
  }
}

/**
 * A VAE of x given a coarse version of it, $y = d(x)$ (such as a smaller image), over a model of y:
 *
 * $$p(x) \ge p(x, y) = p(y) \int p(x|z, y)\, p(z|y)\, dz$$
 *
 * z encodes the details that y lacks, and each of the two parts is easier to learn than the whole. The model of y may
 * be of the same kind, which makes a pyramid. (The bound is loose if the model gives mass to an x with another y.) y
 * must be discrete.
 *
 * It owns its networks and the model of y.
 * @see DGM §4.5.2.4, Fig. 4.22. Self-Supervised Variational Auto-Encoders (Gatopoulos and Tomczak, 2021), §3
 *
 * @example
 * ```ts
 * const model = auxiliaryVae({
 *   auxiliary: downscale({ shape: [8, 8], factor: 2 }), // y, of 16 entries
 *   base: vae({
 *     encoder: mlp([16, 32, 2 * 4], { key: key.fold('base encoder') }),
 *     decoder: mlp([4, 32, 16 * 17], { key: key.fold('base decoder') }),
 *     posterior: normalHead({ shape: [4] }),
 *     likelihood: categoricalHead({ shape: [16], levels: 17 }),
 *   }),
 *   encoder: mlp([64, 64, 2 * 8], { key: key.fold('encoder') }),
 *   prior: mlp([16, 32, 2 * 8], { key: key.fold('prior') }), // p(z | y)
 *   decoder: mlp([8 + 16, 64, 64 * 17], { key: key.fold('decoder') }), // p(x | z, y)
 *   latent: normalHead({ shape: [8] }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function auxiliaryVae(options: AuxiliaryVaeOptions): AuxiliaryVae {
  return record(new AuxiliaryVae(options), 'auxiliaryVae', arguments);
}

/** `[n, size]`. */
function flat(values: Tensor): Tensor {
  const { shape } = values;
  return values.rank === 2 ? values : tf.reshape(values, [shape[0]!, sizeOf(shape.slice(1))]);
}
