import {
  asLayer,
  BaseModule,
  checkGiven,
  checkInteger,
  checkOptions,
  checkSampling,
  checkThat,
  conditional,
  leadingShape,
  stopGradient,
  trainable,
  UnsupportedError,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  GenerativeModel,
  Key,
  Layer,
  NetworkLike,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkHead } from '../check';
import { networkCalls } from '../objectives/objective';
import { record } from '../record';
import type { LatentPenalty } from './latent-penalties';

export interface AutoencoderOptions {
  /** Maps x, `[n, ...event]`, to its latents, `[n, latents]`. */
  readonly encoder: NetworkLike;
  /** Maps latents to the parameters of the likelihood. */
  readonly decoder: NetworkLike;
  readonly likelihood: DistributionHead;
  /** The size of the latent vector. */
  readonly latents: number;
  /** The penalty on the latents: {@link mmdPenalty}, {@link adversarialPenalty} or {@link latentNorm}. */
  readonly penalty: LatentPenalty;
}

/**
 * A deterministic auto-encoder, trained by reconstruction and a penalty on the latents. It has no likelihood and no
 * bound: its loss is in nats, but says nothing about $\ln p(x)$.
 * @see Wasserstein Auto-Encoders (Tolstikhin et al., 2018). Adversarial Autoencoders (Makhzani et al., 2016).
 * From Variational to Deterministic Autoencoders (Ghosh et al., 2020)
 *
 * @example
 * ```ts
 * const model = autoencoder({
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   latents: 8,
 *   penalty: mmdPenalty({ prior: standardNormal([8]) }),
 * });
 * ```
 */
export function autoencoder(options: AutoencoderOptions): Autoencoder {
  return record(new Autoencoder(options), 'autoencoder', arguments);
}

/** The class of {@link autoencoder}. */
export class Autoencoder extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly latentShape: Shape;
  readonly #encoder: Layer;
  readonly #decoder: ConditionalDistribution;
  readonly #penalty: LatentPenalty;

  constructor(options: AutoencoderOptions) {
    super();
    checkOptions('autoencoder', options, ['encoder', 'decoder', 'likelihood', 'latents', 'penalty']);
    const { encoder, decoder, likelihood, latents, penalty } = options;
    checkHead('autoencoder', 'likelihood', likelihood);
    checkInteger('autoencoder', 'latents', latents);
    checkGiven('autoencoder', 'penalty', penalty, 'to be a penalty such as latentNorm()');
    this.eventShape = likelihood.eventShape;
    this.levels = likelihood.levels;
    this.latentShape = [latents];
    this.#encoder = this.child('encoder', asLayer(encoder));
    this.#decoder = this.child('decoder', conditional(decoder, likelihood));
    this.#penalty = penalty;
    if (penalty.critic) this.child('critic', penalty.critic);
  }

  /** The latents of examples, `[n, latents]`. */
  encode(x: Tensor, call: CallOptions = {}): Tensor {
    leadingShape(x.shape, this.eventShape, 'Autoencoder.encode', 'x');
    return this.#encoder.apply(x, call);
  }

  /** $p(x|z)$. It borrows the decoder's output: call this inside `tf.tidy`. */
  decode(z: Tensor, call: CallOptions = {}): Distribution {
    leadingShape(z.shape, this.latentShape, 'Autoencoder.decode', 'z');
    return this.#decoder.given(z, call);
  }

  /**
   * Latents from the penalty's prior, then x from the likelihood; `[n, ...event]`.
   * @throws UnsupportedError if the penalty has no prior: then see {@link withLatentDensity}
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('Autoencoder.sample', { key, n, options });
    const { prior } = this.#penalty;
    checkThat('Autoencoder.sample', 'penalty', prior !== undefined, {
      error: UnsupportedError,
      expected: 'to have a prior of the latents',
      actual: `"${this.#penalty.name}", which has none`,
      remedy:
        'fit a density to latentExamples(model, examples) and sample from withLatentDensity(model, density)',
    });
    return tf.tidy(() => this.decode(prior.sample(key.fold('z'), [n])).sample(key.fold('x')));
  }

  /** Encodes and decodes x: a draw of the likelihood, `[n, ...event]`. */
  reconstruct(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => this.decode(this.encode(x)).sample(key));
  }

  /**
   * Reconstruction and penalty, $-\ln p(x|z(x)) + \lambda\, D(z(x))$, and the objective of the penalty's critic if it
   * has one.
   */
  objectives(): readonly Objective[] {
    const { critic, criticLoss } = this.#penalty;
    const all = [...trainable(this)];
    const ofCritic = critic ? [...trainable(critic).values()] : [];
    const own = all.map(([, variable]) => variable).filter((variable) => !ofCritic.includes(variable));
    const reconstructing: Objective = {
      name: 'autoencoder',
      parameters: own,
      validated: true,
      loss: (x, key, options) =>
        tf.tidy(() => {
          const calls = networkCalls(options, key);
          const z = this.encode(x, calls('encoder'));
          const reconstruction = tf.neg(tf.mean<Scalar>(this.decode(z, calls('decoder')).logProb(x)));
          const penalty = this.#penalty.loss(z, key.fold('penalty'), options);
          return { total: tf.add<Scalar>(reconstruction, penalty), reconstruction, penalty };
        }),
    };
    if (!criticLoss) return [reconstructing];
    const criticizing: Objective = {
      name: 'critic',
      parameters: ofCritic,
      loss: (x, key, options) =>
        tf.tidy(() => {
          const z = stopGradient(this.encode(x, networkCalls(options, key)('encoder')));
          return { total: criticLoss(z, key.fold('prior'), options) };
        }),
    };
    return [reconstructing, criticizing];
  }
}
