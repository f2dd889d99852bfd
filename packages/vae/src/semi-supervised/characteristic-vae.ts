import {
  asLayer,
  BaseModule,
  checkInteger,
  checkKey,
  checkOptions,
  checkSampling,
  checkThat,
  conditional,
  formatShape,
  Independent,
  labelledBatch,
  leadingShape,
  logSoftmax,
  logSumExp,
  Normal,
  oneHot,
  sampleAndLogProb,
  ShapeError,
  singleObjective,
  standardNormal,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionalDistribution,
  ConditionedBatch,
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
import type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import { checkHead, checkPosterior } from '../check';
import { networkCalls, outsideTraining } from '../objectives/objective';
import type { NetworkCalls } from '../objectives/objective';
import { build } from '../record';

export interface CharacteristicVaeOptions {
  /** Maps x, `[n, ...event]`, to the parameters of the posterior. */
  readonly encoder: NetworkLike;
  /** Maps z, `[n, D]`, to the parameters of the likelihood. */
  readonly decoder: NetworkLike;
  /** The family of $q(z|x)$, over vectors: `normalHead({ shape: [D] })`. */
  readonly posterior: DistributionHead;
  /** The family of $p(x|z)$. */
  readonly likelihood: DistributionHead;
  /** The number of classes, K, which are equally probable a priori. */
  readonly classes: number;
  /** How many entries of z, the first ones, hold what characterizes a class, $z_c$. The others, $z_s$, know nothing of it. */
  readonly classLatents: number;
  /** $q(y|z_c)$: maps $z_c$, `[n, classLatents]`, to logits `[n, K]`. */
  readonly classifier: NetworkLike;
  /**
   * Draws of z for each example in a training step. The bound of a labelled example holds for any number, and tightens with it.
   * @defaultValue 4
   */
  readonly numSamples?: number;
}

/**
 * CCVAE, a VAE that captures characteristics of labels: some of its latent variables hold what makes an example one of its class, and the
 * class is read from them alone. It learns from examples with and without a label, and no weight stands between the two.
 *
 * $$p(x, y, z) = p(x|z)\, p(z_c|y)\, p(z_s)\, p(y), \qquad q(z, y|x) = q(y|z_c)\, q(z|x)$$
 *
 * with a learned normal distribution of $z_c$ for each class, and a standard normal one of $z_s$. The classifier of x is
 * $q(y|x) = \mathbb{E}_{q(z|x)}[q(y|z_c)]$.
 *
 * The context is the one-hot class, or a row of zeros if the class is not known: the batches of
 * `classContext({ classes, unknown: 'zeros' })`. The bound on $\ln p(x)$ needs no label, so `evaluate` takes any examples.
 * @throws ArgumentError if an option is unknown, missing, or does not fit the others
 * @throws ShapeError if the posterior is not over vectors
 * @see Capturing Label Characteristics in VAEs (Joy et al., 2021), Eq. 1-4; DGM §5.5
 *
 * @example
 * ```ts
 * const model = characteristicVae({
 *   classes: 10,
 *   classLatents: 10,
 *   classifier: mlp([10, 10], { key: key.fold('classifier') }),
 *   encoder: mlp([64, 128, 2 * 16], { key: key.fold('encoder') }),
 *   decoder: mlp([16, 128, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [16] }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function characteristicVae(options: CharacteristicVaeOptions): CharacteristicVae {
  return build(() => new CharacteristicVae(options), 'characteristicVae', arguments);
}

/** The class of {@link characteristicVae}. */
export class CharacteristicVae extends BaseModule implements BoundModel<ConditionedBatch, Tensor> {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly latentShape: Shape;
  /** The number of classes, K. */
  readonly contextSize: number;
  readonly #classLatents: number;
  readonly #numSamples: number;
  readonly #posterior: ConditionalDistribution;
  readonly #decoder: ConditionalDistribution;
  readonly #classifier: Layer;
  /** Of $p(z_c|y)$, `[K, classLatents]`. */
  readonly #classMeans: Variable & Tensor2D;
  readonly #classLogStds: Variable & Tensor2D;
  /** $p(z_s)$ */
  readonly #style: Distribution;

  constructor(options: CharacteristicVaeOptions) {
    super();
    const where = 'characteristicVae';
    checkOptions(where, options, [
      ...['encoder', 'decoder', 'posterior', 'likelihood'],
      ...['classes', 'classLatents', 'classifier', 'numSamples'],
    ]);
    const { posterior, likelihood, classes, classLatents, numSamples = 4 } = options;
    checkPosterior(where, posterior);
    checkHead(where, 'likelihood', likelihood);
    checkThat(where, 'posterior', posterior.eventShape.length === 1, {
      error: ShapeError,
      expected: 'over vectors of shape [D]',
      actual: formatShape(posterior.eventShape),
    });
    const [dims] = posterior.eventShape as [number];
    checkInteger(where, 'classes', classes, { min: 2 });
    checkInteger(where, 'classLatents', classLatents, { min: 1, max: dims });
    checkInteger(where, 'numSamples', numSamples);
    this.#posterior = this.child('encoder', conditional(options.encoder, posterior));
    this.#decoder = this.child('decoder', conditional(options.decoder, likelihood));
    this.#classifier = this.child('classifier', asLayer(options.classifier));
    this.#classMeans = this.parameter('classMeans', tf.zeros<tf.Rank.R2>([classes, classLatents]));
    this.#classLogStds = this.parameter('classLogStds', tf.zeros<tf.Rank.R2>([classes, classLatents]));
    this.#style = standardNormal([dims - classLatents]);
    this.#classLatents = classLatents;
    this.#numSamples = numSamples;
    this.eventShape = likelihood.eventShape;
    this.levels = likelihood.levels;
    this.latentShape = posterior.eventShape;
    this.contextSize = classes;
  }

  /** $q(z|x)$, `[n, D]`; its first entries are $z_c$. It borrows the encoder's output: call this inside `tf.tidy`. */
  encode(x: Tensor, call: CallOptions = {}): Distribution {
    leadingShape(x.shape, this.eventShape, 'CharacteristicVae.encode', 'x');
    return this.#posterior.given(x, call);
  }

  /** $p(x|z)$. It borrows the decoder's output: call this inside `tf.tidy`. */
  decode(z: Tensor, call: CallOptions = {}): Distribution {
    leadingShape(z.shape, this.latentShape, 'CharacteristicVae.decode', 'z');
    return this.#decoder.given(z, call);
  }

  /** Logits of $q(y|z_c)$ at the mean of $q(z|x)$, `[n, K]`. */
  classify(x: Tensor): Tensor {
    return tf.tidy(() => this.#classifier.apply(this.#ofClass(this.encode(x).mean())));
  }

  /**
   * The bound on $\ln p(x, y)$ of every class, from the same draws of z, in nats, `[n, K]`:
   *
   * $$\mathbb{E}_{q(z|x)}\Big[\frac{q(y|z_c)}{q(y|x)} \ln \frac{p(x|z)\, p(z_c|y)\, p(z_s)}{q(y|z_c)\, q(z|x)}\Big] + \ln q(y|x) + \ln p(y)$$
   *
   * where $q(y|x)$ is the mean over the draws. With one draw, this is $\ln p(x, y, z) - \ln q(z|x)$.
   * @param numSamples - draws of z for each example
   * @see Eq. 4 of the paper
   */
  jointBounds(x: Tensor, key: Key, numSamples = this.#numSamples): Tensor {
    checkKey('CharacteristicVae.jointBounds', key);
    checkInteger('CharacteristicVae.jointBounds', 'numSamples', numSamples);
    return tf.tidy(() => this.#bounds(x, key, numSamples).joint);
  }

  /**
   * The bound on $\ln p(x)$ of an example without a label with one draw of z, in nats, `[n]`:
   * $\mathbb{E}_{q(z|x)}\big[\sum_y q(y|z_c) (\ln p(x, y, z) - \ln q(y|z_c) - \ln q(z|x))\big]$.
   * @see Eq. 2 of the paper
   */
  elbo(x: Tensor, key: Key): Tensor {
    checkKey('CharacteristicVae.elbo', key);
    return tf.tidy(() => marginalBound(this.#bounds(x, key, 1)));
  }

  /** $\ln p(x, z_k) - \ln q(z_k|x)$ of K draws of z, summed over classes, in nats, `[K, n]`: their mean estimates $p(x)$. */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    checkKey('CharacteristicVae.logWeights', key);
    checkInteger('CharacteristicVae.logWeights', 'numSamples', numSamples);
    return tf.tidy(() => logSumExp(this.#draws(x, key, numSamples).logWeights, { axis: 2 }));
  }

  /**
   * Ancestral sampling: y, $z_c$ and $z_s$, then x; `[n, ...event]`.
   * @param options - `context`: the classes, one-hot, `[n, K]`; random ones by default
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    const K = this.contextSize;
    const call = { key, n, options, contextSize: K, drawsContext: true };
    checkSampling('CharacteristicVae.sample', call);
    return tf.tidy(() => {
      const drawn = () => oneHot(key.fold('class').categorical(tf.zeros([K]), [n]), { depth: K });
      const context = options.context ?? drawn();
      const [means, logStds] = [this.#classMeans, this.#classLogStds].map((table) =>
        tf.matMul(context as Tensor2D, table),
      ) as [Tensor, Tensor];
      const ofClass = tf.add(means, tf.mul(tf.exp(logStds), key.fold('characteristics').normal(means.shape)));
      const z = tf.concat([ofClass, this.#style.sample(key.fold('style'), [n])], 1);
      return this.decode(z).sample(key.fold('x'));
    });
  }

  /** Minus the bound on $\ln p(x, y)$ of an example with a label, and minus that on $\ln p(x)$ of one without. */
  objectives(): readonly Objective<ConditionedBatch>[] {
    return singleObjective<ConditionedBatch>(this, {
      name: 'elbo',
      loss: (batch, key, options) => {
        const { x, context: y } = labelledBatch('CharacteristicVae.loss', batch, this);
        const bounds = this.#bounds(x, key.fold('z'), this.#numSamples, networkCalls(options, key));
        const ofLabel = tf.sum(tf.mul(y, bounds.joint), 1);
        const isUnknown = tf.sub(1, tf.sum(y, 1)); // y is 0 where it is not known
        const bound = tf.add(ofLabel, tf.mul(isUnknown, marginalBound(bounds)));
        return {
          total: tf.neg(tf.mean<Scalar>(bound)),
          classification: tf.neg(tf.mean<Scalar>(tf.sum(tf.mul(y, bounds.logClasses), 1))), // -ln q(y|x)
        };
      },
    });
  }

  #bounds(x: Tensor, key: Key, numSamples: number, calls?: NetworkCalls): Bounds {
    const { logWeights, logClassOfDraw } = this.#draws(x, key, numSamples, calls);
    const logClasses = tf.sub(logSumExp(logClassOfDraw, { axis: 0 }), Math.log(numSamples)); // ln q(y|x)
    const ratio = tf.exp(tf.sub(logClassOfDraw, logClasses)); // q(y|z_c) / q(y|x)
    const inside = tf.mean(tf.mul(ratio, tf.sub(logWeights, logClassOfDraw)), 0);
    return { joint: tf.add(inside, logClasses), logClasses };
  }

  /** Draws z of $q(z|x)$, with what the bounds are made of, `[numSamples, n, K]`. */
  #draws(x: Tensor, key: Key, numSamples: number, calls: NetworkCalls = outsideTraining): Draws {
    const q = this.encode(x, calls('encoder'));
    const { x: draws, logProb } = sampleAndLogProb(q, key, [numSamples]);
    const [n, K] = [x.shape[0]!, this.contextSize];
    const z = tf.reshape(draws, [numSamples * n, ...this.latentShape]); // networks see one batch axis
    const copies = tf.tile(x, [numSamples, ...this.eventShape.map(() => 1)]);
    const style = tf.slice(z, [0, this.#classLatents], [-1, -1]);
    // ln p(x|z) + ln p(z_s) - ln q(z|x)
    const common = tf.sub(
      tf.add(this.decode(z, calls('decoder')).logProb(copies), this.#style.logProb(style)),
      tf.reshape(logProb, [numSamples * n]),
    );
    const ofClass = this.#ofClass(z);
    const priors = new Independent(new Normal(this.#classMeans, { logScale: this.#classLogStds }), 1);
    const logPrior = priors.logProb(tf.expandDims(ofClass, 1)); // ln p(z_c|y), [numSamples * n, K]
    const logWeights = tf.sub(tf.add(tf.expandDims(common, 1), logPrior), Math.log(K));
    const logits = logSoftmax(this.#classifier.apply(ofClass, calls('classifier')));
    const [byDraw, logClassOfDraw] = [logWeights, logits].map((each) => tf.reshape(each, [numSamples, n, K]));
    return { logWeights: byDraw!, logClassOfDraw: logClassOfDraw! };
  }

  /** $z_c$ */
  #ofClass(z: Tensor): Tensor {
    return tf.slice(z, [0, 0], [-1, this.#classLatents]);
  }
}

interface Draws {
  /** $\ln p(x, y, z) - \ln q(z|x)$ */
  readonly logWeights: Tensor;
  /** $\ln q(y|z_c)$ */
  readonly logClassOfDraw: Tensor;
}

interface Bounds {
  /** On $\ln p(x, y)$, `[n, K]`. */
  readonly joint: Tensor;
  /** $\ln q(y|x)$, `[n, K]`. */
  readonly logClasses: Tensor;
}

/** The bound on $\ln p(x)$: $\sum_y q(y|x) [b(x, y) - \ln q(y|x)]$, in which $q(y|x)$ cancels draw by draw. */
function marginalBound({ joint, logClasses }: Bounds): Tensor {
  return tf.sum(tf.mul(tf.exp(logClasses), tf.sub(joint, logClasses)), 1);
}
