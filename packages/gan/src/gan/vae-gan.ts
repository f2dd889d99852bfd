import {
  asLayer,
  BaseModule,
  checkNumber,
  checkOptions,
  checkSampling,
  checkShape,
  childCall,
  conditional,
  klDivergence,
  normalHead,
  standardNormal,
  trainable,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionalDistribution,
  Distribution,
  GenerativeModel,
  Key,
  Layer,
  LossOptions,
  NetworkLike,
  Objective,
  Prepared,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import {
  checkGenerator,
  checkOutput,
  checkScores,
  checkVectors,
  fromNetworks,
  toNetworks,
  trialShape,
} from '../networks';
import type { GeneratorOptions } from '../networks';
import { record } from '../record';
import { Adversary, ADVERSARY_OPTIONS, totalOf } from './adversary';
import type { AdversaryOptions, Compared, Terms } from './adversary';

export interface VaeGanOptions extends GeneratorOptions, AdversaryOptions {
  /** From examples `[n, ...event]` to means and then log-variances of latent variables, `[n, 2 latent]`. */
  readonly encoder: NetworkLike;
  /** f, the lower layers of the critic, from examples `[n, ...event]` to features `[n, ...]`. */
  readonly features: NetworkLike;
  /** The upper layers of the critic, from features to one score each, `[n, 1]`. */
  readonly critic: NetworkLike;
  /** $\gamma$, of the reconstruction in the generator's objective. @defaultValue 0.1 */
  readonly reconstructionWeight?: number;
}

/**
 * A VAE whose decoder is the generator of a GAN, and which reconstructs the features of an example that its critic sees, not the
 * example entry by entry:
 *
 * $$\mathcal R = \mathbb{E}_{q(z|x)}\left[\tfrac12 \|f(x) - f(G(z))\|^2\right], \quad
 *   \mathcal L_E = \mathrm{KL}(q(z|x) \| p(z)) + \mathcal R, \quad \mathcal L_G = \gamma \mathcal R + \mathcal L_{adv}$$
 *
 * The critic compares examples with samples and with reconstructions, as many of each. The objectives are `critic` (which trains the
 * features), `generator` and `encoder`. It has no bound on the likelihood: its reconstruction error is one of features, which change.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws ShapeError if the networks do not fit each other
 * @throws UnsupportedError if there are penalties and the critic has no right second derivative
 * @see Autoencoding beyond pixels using a learned similarity metric (Larsen et al., 2016), Eq. 5-8 and Algorithm 1
 * @example
 * ```ts
 * const model = vaeGan({
 *   latent: 16,
 *   generator: mlp([16, 128, 64], { key: key.fold('generator'), outputActivation: 'tanh' }),
 *   encoder: mlp([64, 128, 2 * 16], { key: key.fold('encoder') }),
 *   features: mlp([64, 128], { key: key.fold('features'), outputActivation: 'leakyRelu' }),
 *   critic: mlp([128, 128, 1], { key: key.fold('critic'), activation: 'leakyRelu' }),
 *   levels: 17,
 * });
 * ```
 */
export function vaeGan(options: VaeGanOptions): VaeGan {
  return record(new VaeGan(options), 'vaeGan', arguments);
}

/** What {@link vaeGan} makes. */
export class VaeGan extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly generator: Layer;
  readonly features: Layer;
  readonly critic: Layer;
  readonly #encoder: ConditionalDistribution;
  readonly #latent: number;
  readonly #reconstructionWeight: number;
  readonly #adversary: Adversary;

  constructor(options: VaeGanOptions) {
    super();
    const where = 'vaeGan';
    checkOptions(where, options, [
      ...['generator', 'encoder', 'features', 'critic', 'latent', 'reconstructionWeight', 'levels'],
      ...ADVERSARY_OPTIONS,
    ]);
    const { latent, reconstructionWeight = 0.1, levels } = options;
    checkNumber(where, 'reconstructionWeight', reconstructionWeight, { min: 0 });
    checkGenerator(where, options, ['generator', 'encoder', 'features', 'critic']);
    this.#adversary = new Adversary(where, options);
    this.#latent = latent;
    this.#reconstructionWeight = reconstructionWeight;
    this.levels = levels;
    this.generator = this.child('generator', asLayer(options.generator));
    const encoder = asLayer(options.encoder);
    this.#encoder = this.child('encoder', conditional(encoder, normalHead({ shape: [latent] })));
    this.features = this.child('features', asLayer(options.features));
    this.critic = this.child('critic', asLayer(options.critic));
    this.eventShape = this.#checkNetworks(where, encoder);
  }

  /** @returns G(z) for n draws z, `[n, ...event]` */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('VaeGan.sample', { key, n, options });
    return tf.tidy(() =>
      fromNetworks(this.#decode(key.fold('z').normal([n, this.#latent]), { key }), this.levels),
    );
  }

  /**
   * The means of the latent variables of examples, `[n, latent]`.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  encode(x: Tensor): Tensor {
    checkShape('VaeGan.encode', 'x', x, ['n', ...this.eventShape]);
    return tf.tidy(() => tf.clone(this.#encoder.given(toNetworks(x, this.levels)).mean()));
  }

  /**
   * What the generator makes of the means of the latent variables, `[n, ...event]`.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  reconstruct(x: Tensor): Tensor {
    checkShape('VaeGan.reconstruct', 'x', x, ['n', ...this.eventShape]);
    return tf.tidy(() => fromNetworks(this.#decode(this.encode(x), {}), this.levels));
  }

  objectives(): readonly Objective[] {
    const critic = [...trainable(this.features).values(), ...trainable(this.critic).values()];
    return [
      {
        name: 'critic',
        parameters: critic,
        ...this.#adversary.schedule([this.features, this.critic]),
        prepare: (x, key, { training }): Prepared =>
          tf.tidy(() => ({ ...this.#compared(this.#run(x, { training, key })) })),
        loss: (_x, key, options) => this.#criticLoss(key, options),
      },
      {
        name: 'generator',
        parameters: [...trainable(this.generator).values()],
        every: this.#adversary.criticSteps,
        loss: (x, key, options) => this.#generatorLoss(x, key, options),
      },
      {
        name: 'encoder',
        parameters: [...trainable(this.#encoder).values()],
        loss: (x, key, options) => this.#encoderLoss(x, key, options),
      },
    ];
  }

  #criticLoss(key: Key, { training, prepared, lazy }: LossOptions): Terms {
    return tf.tidy(() => {
      const seen = { real: prepared!['real']!, fake: prepared!['fake']! };
      const scores = this.#scores({ training, key: key.fold('critic') });
      return totalOf(this.#adversary.criticTerms(scores, seen, { key, lazy }));
    });
  }

  /** The adversarial `loss`, and $\gamma \mathcal R$. */
  #generatorLoss(x: Tensor, key: Key, { training }: LossOptions): Terms {
    return tf.tidy(() => {
      const run = this.#run(x, { training, key: key.fold('fakes') });
      const scores = this.#scores({ training, key: key.fold('critic') });
      const loss = this.#adversary.generatorLoss(scores, this.#compared(run));
      const reconstruction = this.#featureError(run, { training, key: key.fold('critic') });
      return totalOf({ loss, reconstruction: tf.mul<Scalar>(this.#reconstructionWeight, reconstruction) });
    });
  }

  /** $\mathrm{KL}(q(z|x) \| p(z)) + \mathcal R$ */
  #encoderLoss(x: Tensor, key: Key, { training }: LossOptions): Terms {
    return tf.tidy(() => {
      const run = this.#run(x, { training, key: key.fold('fakes') });
      const prior = tf.mean<Scalar>(klDivergence(run.posterior, standardNormal([this.#latent])));
      return totalOf({
        prior,
        reconstruction: this.#featureError(run, { training, key: key.fold('critic') }),
      });
    });
  }

  /** Examples as the networks see them, reconstructions from draws of $q(z|x)$, and samples; `[n, ...event]` each. */
  #run(x: Tensor, { training, key }: { readonly training: boolean; readonly key: Key }): Run {
    checkShape('vaeGan.loss', 'x', x, ['n', ...this.eventShape]);
    const real = toNetworks(x, this.levels);
    const posterior = this.#encoder.given(real, { training, key: key.fold('encoder') });
    return {
      real,
      posterior,
      reconstructed: this.#decode(posterior.sample(key.fold('code')), { training, key: key.fold('code') }),
      drawn: this.#decode(key.fold('z').normal([x.shape[0]!, this.#latent]), { training, key }),
    };
  }

  /** Each example is compared with its reconstruction and with a sample. */
  #compared({ real, reconstructed, drawn }: Run): Compared {
    return { real: tf.concat([real, real]), fake: tf.concat([reconstructed, drawn]) };
  }

  /** $\mathcal R$, the mean over the batch. */
  #featureError({ real, reconstructed }: Run, call: CallOptions): Scalar {
    const features = (x: Tensor): Tensor => this.features.apply(x, childCall(call, 'features'));
    const squared = tf.squaredDifference(features(real), features(reconstructed));
    return tf.mul<Scalar>(0.5, tf.mean<Scalar>(tf.sum(tf.reshape(squared, [real.shape[0]!, -1]), 1)));
  }

  #decode(z: Tensor, call: CallOptions): Tensor {
    return this.generator.apply(z, childCall(call, 'generator'));
  }

  /** The critic as a function of examples, `[n]`. */
  #scores(call: CallOptions): (x: Tensor) => Tensor {
    return (x) => {
      const features = this.features.apply(x, childCall(call, 'features'));
      return tf.reshape(this.critic.apply(features, childCall(call, 'critic')), [-1]);
    };
  }

  /** Runs the networks once, to find out the shape of an example and what does not fit. */
  #checkNetworks(where: string, encoder: Layer): Shape {
    const latent = this.#latent;
    return trialShape((n) => {
      const x = this.#decode(tf.zeros([n, latent]), {});
      checkOutput(where, 'generator', x, { shape: '[n, ...event]' });
      checkVectors(where, 'encoder', encoder.apply(x), 2 * latent);
      const features = this.features.apply(x);
      checkOutput(where, 'features', features, { shape: '[n, ...]' });
      const scores = this.critic.apply(features);
      checkScores(where, 'critic', scores);
      this.#adversary.checkCritic(`${where}: the critic`, this.#scores({}), x);
      return x;
    });
  }
}

/** One run of the generator on codes of examples and on draws of the prior. */
interface Run {
  readonly real: Tensor;
  readonly posterior: Distribution;
  readonly reconstructed: Tensor;
  readonly drawn: Tensor;
}
