import {
  asLayer,
  BaseModule,
  conditional,
  formatShape,
  hasKlDivergence,
  klDivergence,
  sameShape,
  ShapeError,
  sizeOf,
  trainable,
  UnsupportedError,
} from '@dgm/core';
import type {
  BoundModel,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Key,
  LikelihoodModel,
  NetworkLike,
  Objective,
  LossOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

export interface AuxiliaryVaeOptions {
  /** $y = d(x)$: integers that x determines, such as a smaller image (`downscale`), `[n, ...event]` to `[n, ...]`. */
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
}

/** What {@link auxiliaryVae} makes. */
export class AuxiliaryVae extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly #auxiliary: (x: Tensor) => Tensor;
  readonly #base: BoundModel | LikelihoodModel;
  readonly #posterior: ConditionalDistribution;
  readonly #prior: ConditionalDistribution;
  readonly #decoder: ConditionalDistribution;

  constructor(options: AuxiliaryVaeOptions) {
    super();
    this.eventShape = options.likelihood.eventShape;
    this.#auxiliary = options.auxiliary;
    this.#base = this.child('base', options.base);
    this.#posterior = this.child('encoder', conditional(asLayer(options.encoder), options.latent));
    this.#prior = this.child('prior', conditional(asLayer(options.prior), options.latent));
    this.#decoder = this.child('decoder', conditional(asLayer(options.decoder), options.likelihood));
  }

  /** The bound with one draw of each latent variable, in nats, `[n]`. */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const y = this.#auxiliaryOf(x, 'elbo');
      const { reconstruction, regularizer } = this.#terms(x, y, key);
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
      const [q, p] = [this.#posterior.given(x), this.#prior.given(flat(y))];
      const z = q.sample(key, [numSamples]); // [K, n, ...latent]
      const logRatio = tf.sub(p.logProb(z), q.logProb(z));
      const many = (values: Tensor): Tensor =>
        tf.tile(values, [numSamples, ...values.shape.slice(1).map(() => 1)]);
      const flatZ = tf.reshape(z, [-1, ...z.shape.slice(2)]);
      const logLikelihood = this.#decode(flatZ, many(y)).logProb(many(x));
      const ofX = tf.add(tf.reshape(logLikelihood, [numSamples, -1]), logRatio);
      return tf.add(ofX, this.#logWeightsOfAuxiliary(y, key.fold('base'), numSamples));
    });
  }

  /** Ancestral sampling: y, then z, then x; `[n, ...event]`. */
  sample(key: Key, n: number): Tensor {
    return tf.tidy(() => this.complete(this.#base.sample(key.fold('base'), n), key));
  }

  /**
   * Draws x given y: the details of a small image.
   * @param y - `[n, ...]`
   * @returns `[n, ...event]`
   */
  complete(y: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const z = this.#prior.given(flat(y)).sample(key.fold('z'));
      return this.#decode(z, y).sample(key.fold('x'));
    });
  }

  /** One objective: that of y, minus the bound of x given y. */
  objectives(): readonly Objective[] {
    return [
      {
        name: 'elbo',
        parameters: [...trainable(this).values()],
        loss: (x, key, context) => tf.tidy(() => this.#loss(x, key, context)),
      },
    ];
  }

  #loss(x: Tensor, key: Key, context: LossOptions): { total: Scalar } & Record<string, Scalar> {
    const y = this.#auxiliaryOf(x, 'loss');
    const terms = this.#terms(x, y, key);
    const auxiliary = this.#base.objectives()[0]!.loss(y, key.fold('base'), context).total;
    const reconstruction = tf.neg(tf.mean<Scalar>(terms.reconstruction));
    const regularizer = tf.mean<Scalar>(terms.regularizer);
    return {
      total: tf.addN<Scalar>([auxiliary, reconstruction, regularizer]),
      auxiliary,
      reconstruction,
      regularizer,
    };
  }

  /** $\ln p(x|z, y)$ and $\ln q(z|x) - \ln p(z|y)$, or its expectation, at one draw of z. */
  #terms(x: Tensor, y: Tensor, key: Key): { reconstruction: Tensor; regularizer: Tensor } {
    const [q, p] = [this.#posterior.given(x), this.#prior.given(flat(y))];
    const z = q.sample(key);
    return {
      reconstruction: this.#decode(z, y).logProb(x),
      regularizer: hasKlDivergence(q, p) ? klDivergence(q, p) : tf.sub(q.logProb(z), p.logProb(z)),
    };
  }

  #decode(z: Tensor, y: Tensor): Distribution {
    return this.#decoder.given(tf.concat([flat(z), flat(y)], 1));
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
    if (!(x.rank > 0 && sameShape(x.shape.slice(1), this.eventShape))) {
      throw new ShapeError({
        where: `AuxiliaryVae.${method}`,
        argument: 'x',
        expected: `of shape ${formatShape(['n', ...this.eventShape])}`,
        actual: formatShape(x.shape),
      });
    }
    return this.#auxiliary(x);
  }
}

/**
 * A VAE of x given something coarse that x determines, over a model of that: with $y = d(x)$, a smaller image say,
 *
 * $$p(x) \ge p(x, y) = p(y) \int p(x|z, y)\, p(z|y)\, dz$$
 *
 * so that z encodes what y misses, and each of the two parts is easier than the whole. The model of y may be of the same kind:
 * a pyramid. (The inequality is what is lost where the model allows an x with another y.) y must be discrete.
 *
 * It owns its networks and the model of y.
 * @see DGM §4.5.2.4, Fig. 4.22. Self-Supervised Variational Auto-Encoders (Gatopoulos and Tomczak, 2021), §3
 */
export function auxiliaryVae(options: AuxiliaryVaeOptions): AuxiliaryVae {
  return new AuxiliaryVae(options);
}

/** `[n, size]`. */
function flat(values: Tensor): Tensor {
  const { shape } = values;
  return values.rank === 2 ? values : tf.reshape(values, [shape[0]!, sizeOf(shape.slice(1))]);
}
