import {
  asLayer,
  BaseModule,
  checkInteger,
  checkNumber,
  checkOptions,
  labelledBatch,
  leadingShape,
  logSoftmax,
  logSumExp,
  singleObjective,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionedBatch,
  Key,
  Layer,
  NetworkLike,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { ConditionalVae } from '../conditional/conditional-vae';
import { OneHotCategorical } from '../discrete/one-hot-categorical';
import { networkCalls } from '../objectives/objective';
import type { VaeObjective } from '../objectives/objective';
import { record } from '../record';
import { chooseObjective, VAE_OPTIONS } from '../vae';
import type { VaeOptions } from '../vae';

/** The options of {@link conditionalVae}, with the one-hot class as the context, and the options of the classifier. */
export interface SemiSupervisedVaeOptions extends VaeOptions {
  /** The number of classes, K, which are equally probable a priori. */
  readonly classes: number;
  /** $q(y|x)$: maps x, `[n, ...event]`, to logits `[n, K]`. */
  readonly classifier: NetworkLike;
  /**
   * The weight of the classifier's error $-\ln q(y|x)$ on a labelled example. The loss is a mean over the examples of a
   * batch, labelled or not; $\alpha$ of Eq. 9 belongs to a mean over the labelled ones, so that the paper's choice
   * $\alpha = 0.1 N$ is $0.1 N / N_l$ here, for $N_l$ labelled examples of N.
   * @defaultValue 6.4
   */
  readonly classification?: number;
}

/**
 * M2: a latent-variable model of examples and their classes that learns from examples with and without a label.
 *
 * The context is the one-hot class, or a row of zeros if the class is not known: the batches of
 * `classContext({ classes, unknown: 'zeros' })`. Encoder and decoder get it concatenated with x and z, as in
 * {@link conditionalVae}. The bound on $\ln p(x)$ needs no label, so `evaluate` takes any examples.
 * @throws ArgumentError if an option is unknown, missing, or does not fit the others
 * @see Semi-Supervised Learning with Deep Generative Models (Kingma et al., 2014), §2.2
 *
 * @example
 * ```ts
 * const model = semiSupervisedVae({
 *   classes: 10,
 *   classifier: mlp([64, 64, 10], { key: key.fold('classifier') }),
 *   encoder: mlp([64 + 10, 64, 2 * 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8 + 10, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [8] }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function semiSupervisedVae(options: SemiSupervisedVaeOptions): SemiSupervisedVae {
  return record(new SemiSupervisedVae(options), 'semiSupervisedVae', arguments);
}

/** The class of {@link semiSupervisedVae}. */
export class SemiSupervisedVae extends BaseModule implements BoundModel<ConditionedBatch> {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  /** The number of classes, K. */
  readonly contextSize: number;
  readonly #classifier: Layer;
  /** $p(x|y)$. */
  readonly #conditional: ConditionalVae;
  readonly #classification: number;
  readonly #objective: VaeObjective;

  constructor(options: SemiSupervisedVaeOptions) {
    super();
    const where = 'semiSupervisedVae';
    checkOptions(where, options, [...VAE_OPTIONS, 'classes', 'classifier', 'classification']);
    const { classes, classifier, classification = 6.4, ...conditional } = options;
    checkInteger(where, 'classes', classes, { min: 2 });
    checkNumber(where, 'classification', classification, { min: 0 });
    this.#objective = chooseObjective(where, options);
    const contexts = new OneHotCategorical([classes]);
    this.#classifier = this.child('classifier', asLayer(classifier));
    this.#conditional = this.child(
      'conditional',
      new ConditionalVae({ ...conditional, contextSize: classes, contexts }),
    );
    this.eventShape = this.#conditional.eventShape;
    this.levels = this.#conditional.levels;
    this.contextSize = classes;
    this.#classification = classification;
  }

  /** Logits of $q(y|x)$, `[n, K]`. */
  classify(x: Tensor, call: CallOptions = {}): Tensor {
    leadingShape(x.shape, this.eventShape, 'SemiSupervisedVae.classify', 'x');
    return tf.tidy(() => this.#classifier.apply(x, call));
  }

  /**
   * The bound on $\ln p(x)$ of an example without a label, every class weighted by the classifier, in nats, `[n]`:
   *
   * $$-U(x) = \sum_y q(y|x) \big[-L(x, y) - \ln q(y|x)\big]$$
   * @see Eq. 7 of the paper
   */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const logits = logSoftmax(this.classify(x));
      return tf.sum(tf.mul(tf.exp(logits), tf.sub(this.jointBounds(x, key), logits)), 1);
    });
  }

  /**
   * The bound on $\ln p(x, y)$ with one draw of z for every class y, in nats, `[n, K]`:
   * $-L(x, y) = \mathbb{E}_{q(z|x,y)}[\ln p(x|y, z)] + \ln p(y) - \mathrm{KL}[q(z|x, y) \| p(z)]$.
   * @see Eq. 6 of the paper
   */
  jointBounds(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const bounds = this.#conditional.elbo(this.#withEveryClass(x, 'jointBounds'), key); // ln p(x|y)
      return tf.reshape(tf.sub(bounds, Math.log(this.contextSize)), [x.shape[0]!, this.contextSize]);
    });
  }

  /** $\ln \sum_y p(y)\, w_k(x|y)$ of K draws of z for every class, in nats, `[K, n]`: their mean estimates $p(x)$. */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    return tf.tidy(() => {
      const weights = this.#conditional.logWeights(this.#withEveryClass(x, 'logWeights'), key, numSamples);
      const byClass = tf.reshape(weights, [numSamples, x.shape[0]!, this.contextSize]);
      return tf.sub(logSumExp(byClass, { axis: 2 }), Math.log(this.contextSize));
    });
  }

  /**
   * Ancestral sampling: y, z, then x; `[n, ...event]`.
   * @param options - `context`: the classes, one-hot, `[n, K]`; random ones by default
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    return this.#conditional.sample(key, n, options);
  }

  /**
   * $L(x, y) - \alpha \ln q(y|x)$ of an example with a label, $U(x)$ of one without: Eq. 8 and 9, per example. If the
   * label is not known, the losses of all classes are weighted by $q(y|x)$, minus the entropy of $q(y|x)$.
   */
  objectives(): readonly Objective<ConditionedBatch>[] {
    return singleObjective<ConditionedBatch>(this, {
      name: this.#objective.name,
      loss: (batch, key, options) => {
        const { x, context: y } = labelledBatch('SemiSupervisedVae.loss', batch, this);
        const [n, K] = [x.shape[0]!, this.contextSize];
        const calls = networkCalls(options, key);
        const logits = logSoftmax(this.classify(x, calls('classifier'))); // ln q(y|x)
        const isUnknown = tf.sub(1, tf.sum(y, 1, true)); // [n, 1]; y is 0 where it is not known
        const q = tf.mul(isUnknown, tf.exp(logits));
        const weights = tf.reshape(tf.mul(K, tf.add(y, q)), [n * K]);
        const rows = this.#withEveryClass(x, 'loss');
        const model = this.#conditional.given(rows.context, calls);
        const terms = this.#objective.loss(model, rows.x, key.fold('z'), { ...options, weights });
        const entropy = tf.neg(tf.mean<Scalar>(tf.sum(tf.mul(q, logits), 1)));
        const bound = tf.add<Scalar>(tf.sub(terms.total, entropy), Math.log(K)); // - ln p(y)
        const classification = tf.neg(tf.mean<Scalar>(tf.sum(tf.mul(y, logits), 1)));
        const total = tf.add<Scalar>(bound, tf.mul(this.#classification, classification));
        return { ...terms, total, bound, classification };
      },
    });
  }

  /** Every class with the first example, then with the next one. */
  #withEveryClass(x: Tensor, method: string): ConditionedBatch {
    leadingShape(x.shape, this.eventShape, `SemiSupervisedVae.${method}`, 'x');
    const [n, K] = [x.shape[0]!, this.contextSize];
    const copies = tf.tile(tf.expandDims(x, 1), [1, K, ...this.eventShape.map(() => 1)]);
    return { x: tf.reshape(copies, [n * K, ...this.eventShape]), context: tf.tile(tf.eye(K), [n, 1]) };
  }
}
