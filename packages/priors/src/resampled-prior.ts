import {
  ArgumentError,
  asLayer,
  BaseDistribution,
  BaseModule,
  log1mExp,
  logAddExp,
  logSigmoid,
  logSumExp,
  oneHot,
  sizeOf,
  standardNormal,
} from '@dgm/core';
import type { ConditionalDistribution, Distribution, Key, Layer, NetworkLike, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';

export interface ResampledPriorOptions {
  /** The logit of the probability $a(z)$ to accept z: maps `[n, ...event]` to `[n, 1]`. The prior owns it. */
  readonly network: NetworkLike;
  /** The shape of z. */
  readonly shape: Shape;
  /** Randomness of the draws that the normalizer is estimated from. */
  readonly key: Key;
  /** What proposals are drawn from; a standard normal unless given. */
  readonly proposal?: Distribution;
  /** T: the T-th proposal is taken whatever it is; 100 unless given. */
  readonly truncation?: number;
  /** How many proposals the normalizer is estimated from; 4096 unless given. */
  readonly normalizerSamples?: number;
}

class ResampledPrior extends BaseModule implements ConditionalDistribution {
  readonly #network: Layer;
  readonly #proposal: Distribution;
  readonly #draws: Variable;
  readonly #truncation: number;

  constructor({
    network,
    shape,
    key,
    proposal = standardNormal(shape),
    truncation = 100,
    normalizerSamples = 4096,
  }: ResampledPriorOptions) {
    super();
    requireAtLeast('truncation', truncation, 2);
    requireAtLeast('normalizerSamples', normalizerSamples, 1);
    this.#network = this.child('network', asLayer(network));
    this.#draws = this.parameter('draws', proposal.sample(key, [normalizerSamples]), { trainable: false });
    this.#proposal = proposal;
    this.#truncation = truncation;
  }

  given(): Distribution {
    return new Resampled(this.#proposal, {
      logAcceptance: (z) => logSigmoid(tf.squeeze(this.#network.apply(z), [1])),
      draws: this.#draws,
      truncation: this.#truncation,
    });
  }
}

interface Acceptance {
  /** $\ln a(z)$ of each row, `[n]`. */
  readonly logAcceptance: (z: Tensor) => Tensor;
  /** Draws of the proposal, `[S, ...event]`. */
  readonly draws: Tensor;
  readonly truncation: number;
}

class Resampled extends BaseDistribution {
  readonly kind = 'Resampled';
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
  }

  /** $\ln \pi(z) + \ln [ (1 - \alpha)\, a(z) / Z + \alpha ]$ with $\alpha = (1 - Z)^{T - 1}$. */
  protected logDensity(z: Tensor): Tensor {
    const { draws, truncation } = this.#acceptance;
    const logNormalizer = tf.sub(logSumExp(this.#logAcceptance(draws)), Math.log(draws.shape[0]!)); // ln Z
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

/**
 * A prior by learned accept/reject sampling (LARS): proposals of a simple $\pi$ are accepted with a learned probability
 * $a(z)$, so that $p(z) = \pi(z)\, a(z) / Z$, or the T-th proposal is taken if all before it were rejected.
 *
 * $Z = \mathbb{E}_\pi[a]$ is a mean over draws that are made once from `key` and kept with the weights: the density is a
 * plain function, normalized up to the error of that mean. It suits latents of few dimensions.
 * @throws ArgumentError if `truncation` is not an integer of at least 2
 * @see Resampled Priors for Variational Autoencoders (Bauer and Mnih, 2019)
 */
export function resampledPrior(options: ResampledPriorOptions): ConditionalDistribution {
  return new ResampledPrior(options);
}

function requireAtLeast(argument: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ArgumentError({
    where: 'resampledPrior',
    argument,
    expected: `to be an integer of at least ${least}`,
    actual: String(value),
  });
}
