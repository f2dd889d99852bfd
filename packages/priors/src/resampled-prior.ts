import {
  asLayer,
  BaseDistribution,
  BaseModule,
  childCall,
  checkContext,
  checkInteger,
  checkKey,
  checkOptions,
  checkShape,
  checkSizes,
  clipToRange,
  formatShape,
  log1mExp,
  logAddExp,
  logSigmoid,
  logSumExp,
  oneHot,
  sameShape,
  ShapeError,
  sizeOf,
  standardNormal,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionalDistribution,
  Distribution,
  EventSpace,
  Key,
  Layer,
  NetworkLike,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { build } from './record';

export interface ResampledPriorOptions {
  /** The logit of the probability $a(z)$ to accept z: maps `[n, ...event]` to `[n, 1]`. The prior owns it. */
  readonly network: NetworkLike;
  /** The shape of z. */
  readonly shape: Shape;
  /** Randomness of the draws that the normalizer is estimated from where nothing is trained. */
  readonly key: Key;
  /** What proposals are drawn from; by default a standard normal. */
  readonly proposal?: Distribution;
  /**
   * T: the T-th proposal is taken whatever it is.
   * @defaultValue 100
   */
  readonly truncation?: number;
  /**
   * How many proposals the normalizer of a training step is estimated from; they are drawn anew for each step.
   * @defaultValue 4096
   */
  readonly normalizerSamples?: number;
  /**
   * How many proposals the normalizer is estimated from outside training.
   * @defaultValue 65536
   */
  readonly evaluationSamples?: number;
}

/** A prior by learned rejection, and how exactly it is normalized. */
export interface ResampledPrior extends ConditionalDistribution {
  /**
   * The estimate of $Z = \mathbb{E}_\pi[a]$ that densities outside training are normalized by, and its relative standard
   * error: that of the mass of the density is smaller, as the T-th proposal is never rejected.
   */
  normalizer(): { readonly estimate: number; readonly relativeError: number };
}

class LearnedRejection extends BaseModule implements ResampledPrior {
  readonly contextSize = 0;
  readonly #network: Layer;
  readonly #proposal: Distribution;
  readonly #key: Key;
  readonly #truncation: number;
  readonly #samples: { readonly training: number; readonly evaluation: number };

  constructor({
    network,
    shape,
    key,
    proposal = standardNormal(shape),
    truncation = 100,
    normalizerSamples = 4096,
    evaluationSamples = 65536,
  }: ResampledPriorOptions) {
    super();
    this.#network = this.child('network', asLayer(network));
    this.#proposal = proposal;
    this.#key = key;
    this.#truncation = truncation;
    this.#samples = { training: normalizerSamples, evaluation: evaluationSamples };
  }

  given(context?: Tensor, call: CallOptions = {}): Distribution {
    checkContext('resampledPrior.given', context, this);
    const network = childCall(call, 'network');
    const { training = false, key } = call;
    // Draws that the network is trained through must not be those that it is judged by.
    const draws = (): Tensor =>
      training && key !== undefined
        ? this.#proposal.sample(key.fold('normalizer'), [this.#samples.training])
        : this.#proposal.sample(this.#key.fold('normalizer'), [this.#samples.evaluation]);
    return new Resampled(this.#proposal, {
      logAcceptance: (z) => {
        const logit = this.#network.apply(z, network);
        checkShape('resampledPrior', 'the output of network', logit, [z.shape[0]!, 1]);
        return logSigmoid(tf.squeeze(logit, [1]));
      },
      draws,
      truncation: this.#truncation,
    });
  }

  normalizer(): { readonly estimate: number; readonly relativeError: number } {
    return tf.tidy(() => {
      const draws = this.#proposal.sample(this.#key.fold('normalizer'), [this.#samples.evaluation]);
      const { mean, variance } = tf.moments(tf.sigmoid(this.#network.apply(draws)));
      const estimate = mean.dataSync()[0]!;
      const standardError = Math.sqrt(variance.dataSync()[0]! / this.#samples.evaluation);
      return { estimate, relativeError: standardError / estimate };
    });
  }
}

interface Acceptance {
  /** $\ln a(z)$ of each row, `[n]`. */
  readonly logAcceptance: (z: Tensor) => Tensor;
  /** Draws of the proposal, `[S, ...event]`. */
  readonly draws: () => Tensor;
  readonly truncation: number;
}

/**
 * Between these bounds $\ln Z$ is exact; beyond them $1 - Z$ or $\alpha$ rounds to 1, and the density no longer depends on Z:
 * it is $\pi(z)\, a(z) / Z$ where all proposals are accepted, and $(T - 1)\, \pi(z)\, a(z) + \alpha\, \pi(z)$ where none are.
 */
const LOG_NORMALIZER = { min: -15, max: -1e-6 };

class Resampled extends BaseDistribution {
  readonly kind = 'Resampled';
  override readonly space: EventSpace | undefined;
  readonly batchShape: Shape = [];
  readonly eventShape: Shape;
  readonly reparameterized = false;
  readonly #proposal: Distribution;
  readonly #acceptance: Acceptance;

  constructor(proposal: Distribution, acceptance: Acceptance) {
    super();
    this.#proposal = proposal;
    this.#acceptance = acceptance;
    this.eventShape = proposal.eventShape;
    this.space = proposal.space;
  }

  /** $\ln \pi(z) + \ln [ (1 - \alpha)\, a(z) / Z + \alpha ]$ with $\alpha = (1 - Z)^{T - 1}$. */
  protected logDensity(z: Tensor): Tensor {
    if (z.size === 0) return tf.zeros(z.shape.slice(0, z.rank - this.eventShape.length));
    const { truncation } = this.#acceptance;
    const draws = this.#acceptance.draws();
    const logMean = tf.sub(logSumExp(this.#logAcceptance(draws)), Math.log(draws.shape[0]!));
    const logNormalizer = clipToRange(logMean, LOG_NORMALIZER); // ln Z
    const logAllRejected = tf.mul(truncation - 1, log1mExp(logNormalizer)); // ln alpha
    const logRatio = tf.sub(this.#logAcceptance(z), logNormalizer);
    const logFactor = logAddExp(tf.add(logRatio, log1mExp(logAllRejected)), logAllRejected);
    return tf.add(this.#proposal.logProb(z), logFactor);
  }

  /** The first of T proposals that is accepted, all of them tried at once; the last one always is. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const { truncation } = this.#acceptance;
    const n = sizeOf(sampleShape);
    const proposals = this.#proposal.sample(key.fold('proposal'), [n, truncation]); // [n, T, ...event]
    const logUniform = tf.neg(key.fold('accept').exponential([n, truncation - 1]));
    const tried = tf.slice(this.#logAcceptance(proposals), [0, 0], [n, truncation - 1]);
    const accepted = tf.concat([tf.cast(tf.less(logUniform, tried), 'float32'), tf.ones([n, 1])], 1);
    const first = oneHot(tf.argMax(accepted, 1), { depth: truncation }); // argMax takes the first of equals
    const mask = tf.reshape(first, [n, truncation, ...this.eventShape.map(() => 1)]);
    return tf.reshape(tf.sum(tf.mul(proposals, mask), 1), [...sampleShape, ...this.eventShape]);
  }

  /** $\ln a(z)$ of `[..., ...event]`, `[...]`. */
  #logAcceptance(z: Tensor): Tensor {
    const lead = z.shape.slice(0, z.rank - this.eventShape.length);
    const rows = tf.reshape(z, [sizeOf(lead), ...this.eventShape]);
    return tf.reshape(this.#acceptance.logAcceptance(rows), lead);
  }
}

const OPTIONS: readonly (keyof ResampledPriorOptions)[] = [
  'network',
  'shape',
  'key',
  'proposal',
  'truncation',
  'normalizerSamples',
  'evaluationSamples',
];

/**
 * A prior by learned accept/reject sampling (LARS): proposals of a simple $\pi$ are accepted with a learned probability
 * $a(z)$, so that $p(z) = \pi(z)\, a(z) / Z$, or the T-th proposal is taken if all before it were rejected.
 *
 * $Z = \mathbb{E}_\pi[a]$ is a mean over draws of $\pi$. A training step draws them from its own key; elsewhere they come
 * from the prior's `key`, so that the density is a plain function. It is normalized up to the error of that mean, which
 * `normalizer()` states: give more `evaluationSamples` where it is too large.
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws ShapeError if the proposal or the output of the network has another shape
 * @see Resampled Priors for Variational Autoencoders (Bauer and Mnih, 2019)
 *
 * @example
 * ```ts
 * const prior = resampledPrior({
 *   network: mlp([8, 64, 1], { key: key.fold('acceptance') }),
 *   shape: [8],
 *   key: key.fold('draws'),
 * });
 * const z = prior.given().sample(key, [100]); // [100, 8]
 * ```
 */
export function resampledPrior(options: ResampledPriorOptions): ResampledPrior {
  const where = 'resampledPrior';
  checkOptions(where, options, OPTIONS);
  checkSizes(where, 'shape', options.shape);
  checkKey(where, options.key);
  const { proposal, shape } = options;
  if (proposal !== undefined && !sameShape(proposal.eventShape, shape)) {
    throw new ShapeError({
      where,
      argument: 'proposal',
      expected: `with an event of shape ${formatShape(shape)}`,
      actual: formatShape(proposal.eventShape),
    });
  }
  checkInteger(where, 'truncation', options.truncation ?? 100, { min: 2 });
  checkInteger(where, 'normalizerSamples', options.normalizerSamples ?? 4096);
  checkInteger(where, 'evaluationSamples', options.evaluationSamples ?? 65536);
  return build(() => new LearnedRejection(options), 'resampledPrior', arguments);
}
