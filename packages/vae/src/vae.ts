import {
  asLayer,
  BaseModule,
  checkOneOf,
  checkOptions,
  checkSampling,
  checkShape,
  checkThat,
  conditional,
  isModule,
  singleObjective,
  standardNormal,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Key,
  NetworkLike,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkHead, checkPosterior, checkPrior } from './check';
import type { Prior } from './check';
import { elboTerms, logImportanceWeights, REGULARIZERS } from './elbo';
import type { LatentVariableModel, Regularizer } from './elbo';
import { elboObjective } from './objectives/elbo-objective';
import { detached } from './objectives/detached';
import { networkCalls } from './objectives/objective';
import type { AmortizedModel, NetworkCalls, VaeObjective } from './objectives/objective';
import { record } from './record';

export interface VaeOptions {
  /**
   * Maps x, `[n, ...event]`, to the parameters of the posterior, `[n, posterior.numParameters]`: a layer, a
   * `tf.LayersModel`, or a function (with variables of its own: `asLayer(f, { parameters })`).
   */
  readonly encoder: NetworkLike;
  /** Maps z, `[n, ...latent]`, to the parameters of the likelihood, `[n, likelihood.numParameters]`; likewise. */
  readonly decoder: NetworkLike;
  /**
   * The family of $q_\phi(z|x)$, for example `normalHead({ shape: [16] })`: Eq. 4.28. A conditional flow becomes a
   * head with `modelHead`.
   */
  readonly posterior: DistributionHead;
  /**
   * The family of $p_\theta(x|z)$, for example `categoricalHead({ shape: [64], levels: 17 })`: Eq. 4.27. A
   * conditional autoregressive model becomes a head with `modelHead`.
   */
  readonly likelihood: DistributionHead;
  /** $p(z)$, fixed or learned; by default the standard normal of Eq. 4.29. */
  readonly prior?: Distribution | ConditionalDistribution;
  /**
   * By default `closed-form` if posterior and prior have one (less variance), otherwise `monte-carlo`. With an
   * `objective`, set it there.
   */
  readonly regularizer?: Regularizer;
  /** The training objective, by default `elboObjective({ regularizer })`. */
  readonly objective?: VaeObjective;
}

/** The names of the options of {@link vae}, which related factories extend. */
export const VAE_OPTIONS: readonly (keyof VaeOptions)[] = [
  'encoder',
  'decoder',
  'posterior',
  'likelihood',
  'prior',
  'regularizer',
  'objective',
];

/**
 * The given objective, or minus the ELBO with the given regularizer.
 * @throws ArgumentError if both are given
 */
export function chooseObjective(
  where: string,
  { objective, regularizer }: Pick<VaeOptions, 'objective' | 'regularizer'>,
): VaeObjective {
  if (regularizer !== undefined) checkOneOf(where, 'regularizer', regularizer, REGULARIZERS);
  if (objective === undefined) return elboObjective(regularizer === undefined ? {} : { regularizer });
  checkThat(where, 'objective', typeof objective.loss === 'function' && regularizer === undefined, {
    expected: 'to be an objective, such as elboObjective(), and to hold the regularizer',
    actual: regularizer === undefined ? typeof objective : 'both options',
    remedy: 'write objective: elboObjective({ regularizer, ... })',
  });
  return objective;
}

/**
 * A variational auto-encoder: $p(x) = \int p_\theta(x|z)\, p(z)\, dz$, trained through the amortized posterior
 * $q_\phi(z|x)$ by maximizing the ELBO.
 *
 * It owns its networks and a learned prior: `dispose()` frees them all.
 *
 * @throws ArgumentError if an option is unknown or missing, or posterior and prior are over different spaces
 * @throws ShapeError if the prior's event is not the posterior's
 * @see DGM §4.3, Listings 4.1-4.5. Auto-Encoding Variational Bayes (Kingma and Welling, 2014)
 *
 * @example
 * ```ts
 * const model = vae({
 *   encoder: mlp([64, 64, 2 * 16], { key: key.fold('encoder') }),
 *   decoder: mlp([16, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [16] }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function vae(options: VaeOptions): Vae {
  return record(new Vae(options), 'vae', arguments);
}

/** What a VAE and a conditional one have in common: their networks, their prior and their objective. */
export abstract class BaseVae extends BaseModule {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly latentShape: Shape;
  protected readonly posterior: ConditionalDistribution;
  protected readonly detachedPosterior: ConditionalDistribution;
  protected readonly decoder: ConditionalDistribution;
  protected readonly latentPrior: Prior;
  protected readonly regularizer: Regularizer | undefined;
  protected readonly objective: VaeObjective;

  constructor(where: string, options: VaeOptions) {
    super();
    const { posterior, likelihood } = options;
    checkPosterior(where, posterior);
    checkHead(where, 'likelihood', likelihood);
    this.objective = chooseObjective(where, options);
    this.regularizer = options.regularizer;
    this.eventShape = likelihood.eventShape;
    this.levels = likelihood.levels;
    this.latentShape = posterior.eventShape;
    this.latentPrior = options.prior ?? standardNormal(this.latentShape);
    checkPrior(where, this.latentPrior, posterior);
    const encoder = asLayer(options.encoder);
    this.posterior = this.child('encoder', conditional(encoder, posterior));
    this.detachedPosterior = conditional(encoder, detached(posterior));
    this.decoder = this.child('decoder', conditional(options.decoder, likelihood));
    if (isModule(this.latentPrior)) this.child('prior', this.latentPrior);
  }

  /** $\mathbb{E}_q[\ln p(x|z)]$ minus the regularizer, by one draw for each example, `[n]`. */
  protected boundOf(model: LatentVariableModel, x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const { reconstruction, regularizer } = elboTerms(model, x, key, this.regularizer);
      return tf.sub(reconstruction, regularizer);
    });
  }
}

/** The class of {@link vae}. */
export class Vae extends BaseVae implements BoundModel, AmortizedModel {
  constructor(options: VaeOptions) {
    checkOptions('vae', options, VAE_OPTIONS);
    super('vae', options);
  }

  /**
   * The posterior $q_\phi(z|x)$. It borrows the encoder's output: call this inside `tf.tidy`.
   * @param x - `[n, ...event]`
   * @param call - call options of the networks, whose `training` flag may change them
   */
  encode(x: Tensor, call: CallOptions = {}): Distribution {
    checkShape('Vae.encode', 'x', x, ['n', ...this.eventShape]);
    return this.posterior.given(x, call);
  }

  /**
   * The posterior as a constant of the encoder: no gradient reaches the encoder's weights. It borrows the encoder's
   * output.
   * @param x - `[n, ...event]`
   */
  encodeDetached(x: Tensor, call: CallOptions = {}): Distribution {
    checkShape('Vae.encodeDetached', 'x', x, ['n', ...this.eventShape]);
    return this.detachedPosterior.given(x, call);
  }

  /**
   * The likelihood $p_\theta(x|z)$. It borrows the decoder's output: call this inside `tf.tidy`.
   * @param z - `[n, ...latent]`
   * @param call - call options of the networks, whose `training` flag may change them
   */
  decode(z: Tensor, call: CallOptions = {}): Distribution {
    checkShape('Vae.decode', 'z', z, ['n', ...this.latentShape]);
    return this.decoder.given(z, call);
  }

  /** The marginal $p(z)$. A learned prior borrows its parameters: call this inside `tf.tidy`. */
  prior(call: CallOptions = {}): Distribution {
    return isModule(this.latentPrior) ? this.latentPrior.given(undefined, call) : this.latentPrior;
  }

  /** The bound of Eq. 4.17 with one sample of z, in nats, `[n]`. */
  elbo(x: Tensor, key: Key): Tensor {
    return this.boundOf(this, x, key);
  }

  /**
   * Logarithms of K importance weights of each example, in nats, `[K, n]`; memory grows with K times n.
   * @see Eq. 4.32, with the prior that the print leaves out
   */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    return tf.tidy(() => logImportanceWeights(this, x, key, numSamples));
  }

  /**
   * Importance-sampled log-likelihood of each example in nats, `[n]`; below the truth in expectation. To report a
   * number, use `evaluate` with `importanceSamples`, which needs little memory and gives a standard error.
   */
  logLikelihood(x: Tensor, key: Key, numSamples: number): Tensor {
    return tf.tidy(() => tf.sub(tf.logSumExp(this.logWeights(x, key, numSamples), 0), Math.log(numSamples)));
  }

  /** Ancestral sampling: z from the prior, then x from the likelihood; `[n, ...event]`. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('Vae.sample', { key, n, options });
    return tf.tidy(() => {
      const z = this.prior().sample(key.fold('z'), [n]);
      return this.decode(z).sample(key.fold('x'));
    });
  }

  /** Encodes and decodes x: a draw of the likelihood at a draw of the posterior, `[n, ...event]`. */
  reconstruct(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => this.decode(this.encode(x).sample(key.fold('z'))).sample(key.fold('x')));
  }

  /** One objective: minus the ELBO in nats per example with its terms, or the objective of the options. */
  objectives(): readonly Objective[] {
    return singleObjective<Tensor>(this, {
      name: this.objective.name,
      loss: (x, key, options) =>
        this.objective.loss(this.#during(networkCalls(options, key.fold('networks'))), x, key, options),
    });
  }

  /** The model, with networks in training mode or not. */
  #during(calls: NetworkCalls): AmortizedModel {
    return {
      encode: (x) => this.encode(x, calls('encoder')),
      encodeDetached: (x) => this.encodeDetached(x, calls('encoder')),
      decode: (z) => this.decode(z, calls('decoder')),
      prior: () => this.prior(calls('prior')),
    };
  }
}
