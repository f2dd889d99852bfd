import {
  asLayer,
  BaseModule,
  conditional,
  klDivergence,
  leadingShape,
  logSoftmax,
  oneHot,
  standardNormal,
  trainable,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Key,
  Layer,
  NetworkLike,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LabelledBatch } from './labelled-batch';

export interface SemiSupervisedVaeOptions {
  /** How many classes there are, K; each equally probable at first sight. */
  readonly classes: number;
  /** $q(y|x)$: maps x, `[n, ...event]`, to logits `[n, K]`. */
  readonly classifier: NetworkLike;
  /** Maps x and the one-hot y, flat and side by side, to the parameters of the posterior $q(z|x, y)$. */
  readonly encoder: NetworkLike;
  /** Maps z and the one-hot y side by side to the parameters of the likelihood $p(x|y, z)$. */
  readonly decoder: NetworkLike;
  /** Over vectors z. */
  readonly posterior: DistributionHead;
  readonly likelihood: DistributionHead;
  /** What a labelled example pays for the classifier's error, $\alpha$ of Eq. 9; 6.4 unless given. */
  readonly classification?: number;
}

/**
 * M2: a latent-variable model of examples and their classes that learns from examples with and without a label.
 *
 * As a model of x alone its bound needs no label, so `evaluate` takes any examples. It is trained on batches of
 * {@link LabelledBatch}, which the option `batch: labelledBatch` of `fit` makes.
 * @see Semi-Supervised Learning with Deep Generative Models (Kingma et al., 2014), §2.2
 */
export function semiSupervisedVae(options: SemiSupervisedVaeOptions): SemiSupervisedVae {
  return new SemiSupervisedVae(options);
}

/** What {@link semiSupervisedVae} makes. */
export class SemiSupervisedVae extends BaseModule implements BoundModel<LabelledBatch> {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly classes: number;
  readonly #latents: number;
  readonly #classifier: Layer;
  readonly #encoder: ConditionalDistribution;
  readonly #decoder: ConditionalDistribution;
  readonly #classification: number;

  constructor(options: SemiSupervisedVaeOptions) {
    super();
    const { classes, classifier, encoder, decoder, posterior, likelihood, classification = 6.4 } = options;
    this.eventShape = likelihood.eventShape;
    this.classes = classes;
    this.#latents = posterior.eventShape[0]!;
    this.#classifier = this.child('classifier', asLayer(classifier));
    this.#encoder = this.child('encoder', conditional(encoder, posterior));
    this.#decoder = this.child('decoder', conditional(decoder, likelihood));
    this.#classification = classification;
  }

  /** Logits of $q(y|x)$, `[n, K]`. */
  classify(x: Tensor, call: CallOptions = {}): Tensor {
    leadingShape(x.shape, this.eventShape, 'SemiSupervisedVae.classify', 'x');
    return tf.tidy(() => this.#classifier.apply(x, call));
  }

  /**
   * The bound on $\ln p(x)$ of an example without a label, every class weighed by the classifier, in nats, `[n]`:
   *
   * $$-U(x) = \sum_y q(y|x) \big[-L(x, y) - \ln q(y|x)\big]$$
   * @see Eq. 7 of the paper
   */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => this.#marginal(logSoftmax(this.classify(x)), this.jointBounds(x, key)));
  }

  /**
   * The bound on $\ln p(x, y)$ with one draw of z for every class y, in nats, `[n, K]`:
   * $-L(x, y) = \mathbb{E}_{q(z|x,y)}[\ln p(x|y, z)] + \ln p(y) - \mathrm{KL}[q(z|x, y) \| p(z)]$.
   * @see Eq. 6 of the paper
   */
  jointBounds(x: Tensor, key: Key, call: (network: string) => CallOptions = () => ({})): Tensor {
    leadingShape(x.shape, this.eventShape, 'SemiSupervisedVae.jointBounds', 'x');
    return tf.tidy(() => {
      const n = x.shape[0]!;
      // Every class for the first example, then for the next one.
      const y = tf.tile(tf.eye(this.classes), [n, 1]);
      const flat = tf.reshape(x, [n, 1, -1]);
      const rows = tf.reshape(tf.tile(flat, [1, this.classes, 1]), [n * this.classes, -1]);
      const posterior = this.#encoder.given(tf.concat([rows, y], 1), call('encoder'));
      const z = posterior.sample(key);
      const likelihood = this.#decode(z, y, call('decoder'));
      const reconstruction = likelihood.logProb(tf.reshape(rows, [n * this.classes, ...this.eventShape]));
      const divergence = klDivergence(posterior, standardNormal([this.#latents]));
      const bound = tf.sub(tf.sub(reconstruction, divergence), Math.log(this.classes));
      return tf.reshape(bound, [n, this.classes]);
    });
  }

  /**
   * Ancestral sampling: y, z, then x; `[n, ...event]`.
   * @param options - `labels`: the classes, `[n]`, instead of random ones
   */
  sample(key: Key, n: number, { labels }: SampleOptions & { readonly labels?: Tensor } = {}): Tensor {
    return tf.tidy(() => {
      const classes = labels ?? key.fold('y').categorical(tf.zeros([this.classes]), [n]);
      const z = key.fold('z').normal([n, this.#latents]);
      return this.#decode(z, oneHot(classes, { depth: this.classes })).sample(key.fold('x'));
    });
  }

  /** $-L(x, y) + \alpha \ln q(y|x)$ of what has a label, $-U(x)$ of what has none: Eq. 8 and 9, per example. */
  objectives(): readonly Objective<LabelledBatch>[] {
    const loss: Objective<LabelledBatch>['loss'] = ({ x, labels }, key, { training }) =>
      tf.tidy(() => {
        const call = (network: string): CallOptions => ({ training, key: key.fold(network) });
        const logits = logSoftmax(this.classify(x, call('classifier')));
        const bounds = this.jointBounds(x, key.fold('z'), call);
        const y = oneHot(labels, { depth: this.classes }); // zeros where it is not known
        const isKnown = tf.sum(y, 1);
        const labelled = tf.sum(tf.mul(y, bounds), 1);
        const unlabelled = tf.mul(tf.sub(1, isKnown), this.#marginal(logits, bounds));
        const bound = tf.neg(tf.mean<Scalar>(tf.add(labelled, unlabelled)));
        const classification = tf.neg(tf.mean<Scalar>(tf.sum(tf.mul(y, logits), 1)));
        const total = tf.add<Scalar>(bound, tf.mul(this.#classification, classification));
        return { total, bound, classification };
      });
    return [{ name: 'elbo', parameters: [...trainable(this).values()], loss }];
  }

  /** $\sum_y q(y|x) [-L(x, y) - \ln q(y|x)]$. */
  #marginal(logProbs: Tensor, bounds: Tensor): Tensor {
    return tf.sum(tf.mul(tf.exp(logProbs), tf.sub(bounds, logProbs)), 1);
  }

  #decode(z: Tensor, y: Tensor, call: CallOptions = {}): Distribution {
    return this.#decoder.given(tf.concat([z, y], 1), call);
  }
}
