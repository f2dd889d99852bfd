import {
  asLayer,
  BaseModule,
  checkOptions,
  checkSampling,
  checkShape,
  childCall,
  exp,
  trainable,
} from '@dgm/core';
import type {
  CallOptions,
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
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  beside,
  checkGenerator,
  checkOutput,
  checkScores,
  checkVectors,
  fromNetworks,
  scoresOf,
  toNetworks,
  trialShape,
} from '../networks';
import type { GeneratorOptions } from '../networks';
import { record } from '../record';
import { Adversary, ADVERSARY_OPTIONS, totalOf } from './adversary';
import type { AdversaryOptions, Compared, Terms } from './adversary';

export interface BiGanOptions extends GeneratorOptions, AdversaryOptions {
  /**
   * E, from examples `[n, ...event]` to latent variables: `[n, latent]`, as in BiGAN, or their means and then their log-variances,
   * `[n, 2 latent]`, as in ALI.
   */
  readonly encoder: NetworkLike;
  /** The critic, from a flat example with latent variables beside it, `[n, size of an example + latent]`, to one score, `[n, 1]`. */
  readonly critic: NetworkLike;
}

/**
 * A GAN with an encoder. The critic compares pairs: an example with its code, $(x, E(x))$, and latent variables with what is made of
 * them, $(G(z), z)$. Generator and encoder learn together, by the critic's own loss with the two kinds of pairs exchanged; where
 * both kinds look alike, each network inverts the other.
 *
 * The objectives are `critic` and `generator`, which trains the encoder as well.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws ShapeError if the networks do not fit each other
 * @throws UnsupportedError if there are penalties and the critic has no right second derivative
 * @see Adversarial Feature Learning (Donahue, Krähenbühl and Darrell, 2017), Eq. 3; Adversarially Learned Inference (Dumoulin et al.,
 * 2017), Eq. 2; DGM §7.4
 * @example
 * ```ts
 * const model = biGan({
 *   latent: 16,
 *   generator: mlp([16, 128, 64], { key: key.fold('generator'), outputActivation: 'tanh' }),
 *   encoder: mlp([64, 128, 16], { key: key.fold('encoder') }),
 *   critic: mlp([64 + 16, 128, 1], { key: key.fold('critic') }),
 *   levels: 17,
 * });
 * ```
 */
export function biGan(options: BiGanOptions): BiGan {
  return record(new BiGan(options), 'biGan', arguments);
}

/** What {@link biGan} makes. */
export class BiGan extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly generator: Layer;
  readonly encoder: Layer;
  readonly critic: Layer;
  readonly #latent: number;
  readonly #adversary: Adversary;

  constructor(options: BiGanOptions) {
    super();
    const where = 'biGan';
    checkOptions(where, options, [
      ...['generator', 'encoder', 'critic', 'latent', 'levels'],
      ...ADVERSARY_OPTIONS,
    ]);
    checkGenerator(where, options, ['generator', 'encoder', 'critic']);
    const { generator, encoder, critic, latent, levels } = options;
    this.#adversary = new Adversary(where, options);
    this.levels = levels;
    this.#latent = latent;
    this.generator = this.child('generator', asLayer(generator));
    this.encoder = this.child('encoder', asLayer(encoder));
    this.critic = this.child('critic', asLayer(critic));
    this.eventShape = this.#checkNetworks(where);
  }

  /** @returns G(z) for n draws z, `[n, ...event]` */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('BiGan.sample', { key, n, options });
    return tf.tidy(() =>
      fromNetworks(this.#decode(key.fold('z').normal([n, this.#latent]), { key }), this.levels),
    );
  }

  /**
   * The codes of examples, or their means: `[n, latent]`.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  encode(x: Tensor): Tensor {
    checkShape('BiGan.encode', 'x', x, ['n', ...this.eventShape]);
    return tf.tidy(() => this.#codes(toNetworks(x, this.levels), {}));
  }

  /**
   * G(E(x)), `[n, ...event]`.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  reconstruct(x: Tensor): Tensor {
    checkShape('BiGan.reconstruct', 'x', x, ['n', ...this.eventShape]);
    return tf.tidy(() => fromNetworks(this.#decode(this.encode(x), {}), this.levels));
  }

  objectives(): readonly Objective[] {
    return [
      {
        name: 'critic',
        parameters: [...trainable(this.critic).values()],
        ...this.#adversary.schedule([this.critic]),
        prepare: (x, key, { training }): Prepared =>
          tf.tidy(() => ({ ...this.#pairs(x, { training, key }) })),
        loss: (_x, key, options) => this.#criticLoss(key, options),
      },
      {
        name: 'generator',
        parameters: [...trainable(this.generator).values(), ...trainable(this.encoder).values()],
        every: this.#adversary.criticSteps,
        loss: (x, key, { training }) =>
          tf.tidy(() => {
            const { real, fake } = this.#pairs(x, { training, key: key.fold('prepare') });
            const scores = scoresOf(this.critic, { training, key: key.fold('critic') });
            return { total: this.#adversary.loss.critic(scores(fake), scores(real)) };
          }),
      },
    ];
  }

  #criticLoss(key: Key, { training, prepared, lazy }: LossOptions): Terms {
    return tf.tidy(() => {
      const pairs = { real: prepared!['real']!, fake: prepared!['fake']! };
      const scores = scoresOf(this.critic, { training, key: key.fold('critic') });
      return totalOf(this.#adversary.criticTerms(scores, pairs, { key, lazy }));
    });
  }

  /** $(x, E(x))$ and $(G(z), z)$, each side by side. */
  #pairs(x: Tensor, { training, key }: { readonly training: boolean; readonly key: Key }): Compared {
    checkShape('biGan.loss', 'x', x, ['n', ...this.eventShape]);
    const real = toNetworks(x, this.levels);
    const z = key.fold('z').normal([x.shape[0]!, this.#latent]);
    return {
      real: beside(real, this.#codes(real, { training, key: key.fold('code') })),
      fake: beside(this.#decode(z, { training, key }), z),
    };
  }

  /** Codes of what the networks see: draws where there is a key and the encoder is random, means otherwise. */
  #codes(x: Tensor, call: CallOptions): Tensor {
    const read = this.encoder.apply(x, childCall(call, 'encoder'));
    const [n, width] = [x.shape[0]!, this.#latent];
    if (read.shape[1] === width) return tf.clone(read);
    const means = tf.slice(read, [0, 0], [n, width]);
    if (call.key === undefined) return means;
    const deviations = exp(tf.mul(0.5, tf.slice(read, [0, width], [n, width])));
    return tf.add(means, tf.mul(deviations, call.key.fold('noise').normal([n, width])));
  }

  #decode(z: Tensor, call: CallOptions): Tensor {
    return this.generator.apply(z, childCall(call, 'generator'));
  }

  /** Runs the networks once, to find out the shape of an example and what does not fit. */
  #checkNetworks(where: string): Shape {
    const latent = this.#latent;
    return trialShape((n) => {
      const x = this.generator.apply(tf.zeros([n, latent]));
      checkOutput(where, 'generator', x, { shape: '[n, ...event]' });
      const code = this.encoder.apply(x);
      checkVectors(where, 'encoder', code, latent, 2 * latent);
      const pairs = beside(x, tf.zeros([n, latent]));
      const scores = this.critic.apply(pairs);
      checkScores(where, 'critic', scores);
      this.#adversary.checkCritic(`${where}: the critic`, scoresOf(this.critic, {}), pairs);
      return x;
    });
  }
}
