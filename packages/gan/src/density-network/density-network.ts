import {
  BaseModule,
  checkGiven,
  checkInteger,
  checkKey,
  checkOptions,
  checkSampling,
  checkShape,
  conditional,
  logSumExp,
  singleObjective,
} from '@dgm/core';
import type {
  BoundModel,
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
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

export interface DensityNetworkOptions {
  /** The number of latent variables, which are standard normal. */
  readonly latent: number;
  /** A network from `[n, latent]` to `[n, likelihood.numParameters]`. */
  readonly decoder: NetworkLike;
  /** The family of p(x given z). */
  readonly likelihood: DistributionHead;
  /** S, the draws of z for each example in training and in `elbo`. @defaultValue 64 */
  readonly numSamples?: number;
}

/**
 * A density network: a decoder of latent variables that is trained without an encoder, on draws of the prior,
 *
 * $$\ln p(x) = \ln \int p(x|z)\, p(z)\, dz \ge \mathbb{E}\left[\ln \frac1S \sum_{s=1}^S p(x|z_s)\right], \quad z_s \sim p(z)$$
 *
 * The bound rises to the log-likelihood as S grows, but the number of draws that it takes grows exponentially with the number of
 * latent variables: a model for one to four of them.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @see Bayesian neural networks and density networks (MacKay, 1995); DGM §7.1, Eq. 7.1-7.5
 *
 * @example
 * ```ts
 * const model = densityNetwork({
 *   latent: 2,
 *   decoder: mlp([2, 64, 64 * 17], { key }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   numSamples: 256,
 * });
 * ```
 */
export function densityNetwork(options: DensityNetworkOptions): DensityNetwork {
  return record(new DensityNetwork(options), 'densityNetwork', arguments);
}

/** What {@link densityNetwork} makes. */
export class DensityNetwork extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly #latent: number;
  readonly #numSamples: number;
  readonly #decoder: ConditionalDistribution;

  constructor(options: DensityNetworkOptions) {
    super();
    const where = 'densityNetwork';
    checkOptions(where, options, ['latent', 'decoder', 'likelihood', 'numSamples']);
    const { latent, decoder, likelihood, numSamples = 64 } = options;
    checkInteger(where, 'latent', latent);
    checkInteger(where, 'numSamples', numSamples);
    checkGiven(where, 'likelihood', likelihood, 'to be a head such as categoricalHead()');
    checkGiven(where, 'decoder', decoder, 'to be a network');
    this.eventShape = likelihood.eventShape;
    this.levels = likelihood.levels;
    this.#latent = latent;
    this.#numSamples = numSamples;
    this.#decoder = this.child('decoder', conditional(decoder, likelihood));
  }

  /**
   * $\ln \frac1S \sum_s p(x|z_s)$ for each example in nats, `[n]`: on average below its log-likelihood.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() =>
      tf.sub(logSumExp(this.logWeights(x, key, this.#numSamples), { axis: 0 }), Math.log(this.#numSamples)),
    );
  }

  /**
   * $\ln p(x|z_s)$ of draws of the prior in nats, `[numSamples, n]`: log importance weights with the prior as the proposal.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    checkShape('DensityNetwork.logWeights', 'x', x, ['n', ...this.eventShape]);
    checkKey('DensityNetwork.logWeights', key);
    checkInteger('DensityNetwork.logWeights', 'numSamples', numSamples);
    const n = x.shape[0]!;
    return tf.tidy(() => {
      const z = key.normal([numSamples * n, this.#latent]);
      const copies = tf.tile(x, [numSamples, ...this.eventShape.map(() => 1)]);
      return tf.reshape(this.decode(z).logProb(copies), [numSamples, n]);
    });
  }

  /**
   * p(x|z), which borrows tensors: call this inside `tf.tidy`.
   * @param z - `[n, latent]`
   */
  decode(z: Tensor): Distribution {
    checkShape('DensityNetwork.decode', 'z', z, ['n', this.#latent]);
    return this.#decoder.given(z);
  }

  /** @returns x given a draw of the prior each, `[n, ...event]` */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('DensityNetwork.sample', { key, n, options });
    return tf.tidy(() => this.decode(key.fold('z').normal([n, this.#latent])).sample(key.fold('x')));
  }

  objectives(): readonly Objective[] {
    return singleObjective(this, {
      name: 'bound',
      loss: (x: Tensor, key: Key) => ({ total: tf.neg(tf.mean<Scalar>(this.elbo(x, key))) }),
    });
  }
}
