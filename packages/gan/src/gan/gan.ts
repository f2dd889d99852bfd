import {
  asLayer,
  BaseModule,
  checkContext,
  checkInteger,
  checkOptions,
  checkSampling,
  checkShape,
  childCall,
  splitBatch,
  trainable,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionedBatch,
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
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
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
import { checkPart } from '../check';
import { record } from '../record';
import { Adversary, ADVERSARY_OPTIONS, totalOf } from './adversary';
import { checkRatio } from '../losses/adversarial-loss';
import type { AdversarialLoss } from '../losses/adversarial-loss';
import type { AdversaryOptions, Terms } from './adversary';
import type { Augmentation } from './augmentation';
import type { Recognition } from './recognition';

export interface GanOptions extends GeneratorOptions, AdversaryOptions {
  /** The critic (discriminator), from examples `[n, ...event]` to one score each, `[n, 1]`; a logit, without a sigmoid. */
  readonly critic: NetworkLike;
  /** What the critic sees of real examples and of fakes alike. Defaults to both as they are. */
  readonly augment?: Augmentation;
}

export interface ConditionalGanOptions extends GanOptions {
  /** The width of a context. */
  readonly contextSize: number;
}

/** The names of the options of a {@link gan}. */
export const GAN_OPTIONS = ['generator', 'critic', 'latent', ...ADVERSARY_OPTIONS, 'augment', 'levels'];

/**
 * A generative adversarial network: a generator G turns noise into examples, and a critic scores examples, by which the generator
 * learns without a likelihood.
 *
 * The objectives are `critic` and `generator`, each with an optimizer of its own if wanted. Their losses do not say how good the
 * samples are: judge them by `sampleQuality`. The moving average of the generator's weights (`ema` of `fit`) is usually far better
 * than the last weights.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws ShapeError if the critic does not take what the generator makes, or gives other than one score
 * @throws UnsupportedError if there are penalties and the critic has no right second derivative
 * @see Generative Adversarial Nets (Goodfellow et al., 2014); DGM §7.3. The defaults are those of The GAN is dead; long live the GAN!
 * A Modern GAN Baseline (Huang et al., 2024)
 * @example
 * ```ts
 * const model = gan({
 *   latent: 16,
 *   generator: mlp([16, 256, 256, 64], { key: key.fold('generator'), activation: 'leakyRelu', outputActivation: 'tanh' }),
 *   critic: mlp([64, 256, 256, 1], { key: key.fold('critic'), activation: 'leakyRelu' }),
 *   levels: 17,
 * });
 * const ema = { generator: { decay: 0.999 } };
 * await fit(model, data, { key, optimizer: adam({ learningRate: 2e-4, beta1: 0 }), ema, batchSize: 64, epochs: 100 });
 * ```
 */
export function gan(options: GanOptions): Gan {
  checkOptions('gan', options, GAN_OPTIONS);
  return record(new Gan('gan', { ...options, contextSize: 0 }), 'gan', arguments);
}

/**
 * A {@link gan} of examples given a context, such as a class: the generator sees each context beside its latent variables,
 * `[n, latent + contextSize]`, and the critic beside a flat example, `[n, size of an example + contextSize]`. It is trained on
 * batches `{ x, context }`, which the option `batch` of `fit` makes.
 *
 * @throws what {@link gan} throws
 * @see Conditional Generative Adversarial Nets (Mirza and Osindero, 2014), Eq. 2
 *
 * @example
 * ```ts
 * const model = conditionalGan({
 *   latent: 16,
 *   contextSize: 10,
 *   generator: mlp([16 + 10, 128, 64], { key: key.fold('generator'), outputActivation: 'tanh' }),
 *   critic: mlp([64 + 10, 128, 1], { key: key.fold('critic') }),
 * });
 * const sevens = model.sample(key, 4, { context: tf.oneHot([7, 7, 7, 7], 10) });
 * ```
 */
export function conditionalGan(options: ConditionalGanOptions): Gan<ConditionedBatch> {
  checkOptions('conditionalGan', options, [...GAN_OPTIONS, 'contextSize']);
  checkInteger('conditionalGan', 'contextSize', options.contextSize);
  return record(new Gan<ConditionedBatch>('conditionalGan', options), 'conditionalGan', arguments);
}

/** What {@link gan}, {@link conditionalGan} and auxiliaryClassifierGan make. */
export class Gan<B extends Tensor | ConditionedBatch = Tensor>
  extends BaseModule
  implements GenerativeModel<B>
{
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly contextSize: number;
  readonly generator: Layer;
  readonly critic: Layer;
  protected readonly recognition: Recognition | undefined;
  /** The number of latent variables. */
  readonly latent: number;
  readonly #where: string;
  readonly #adversary: Adversary;
  readonly #augment: Augmentation;

  /** @param recognition - reads from examples what the generator was told, in place of a critic that sees it */
  constructor(where: string, options: ConditionalGanOptions, recognition?: Recognition) {
    super();
    const { latent, augment = (x) => tf.clone(x), levels } = options;
    checkGenerator(where, options, ['generator', 'critic']);
    const isFunction = typeof augment === 'function';
    checkPart(where, 'augment', augment, { isOne: isFunction, expected: 'to be a function of x and a key' });
    this.#where = where;
    this.latent = latent;
    this.#adversary = new Adversary(where, options);
    this.#augment = augment;
    this.levels = levels;
    this.contextSize = options.contextSize;
    this.generator = this.child('generator', asLayer(options.generator));
    this.critic = this.child('critic', asLayer(options.critic));
    this.recognition = recognition;
    if (recognition !== undefined) this.child('recognition', recognition.network);
    this.eventShape = this.#checkNetworks();
  }

  /**
   * @param options - `context`, `[n, contextSize]`, of a conditional model; drawn by default where it is a code
   * @returns G(z) for n draws z, `[n, ...event]`
   * @throws ShapeError if there is not one context for each draw
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    const drawsContext = this.#drawsCodes;
    checkSampling(`${this.#where}.sample`, { key, n, options, contextSize: this.contextSize, drawsContext });
    return tf.tidy(() => fromNetworks(this.#generate(key, n, options.context, {}).x, this.levels));
  }

  objectives(): readonly Objective<B>[] {
    return [
      {
        name: 'critic',
        parameters: [...trainable(this.critic).values(), ...this.#recognitionWeights(true)],
        ...this.#adversary.schedule([this.critic]),
        prepare: (batch, key, options) => this.#prepareFakes(batch, key, options),
        loss: (batch, key, options) => this.#criticLoss(batch, key, options),
      },
      {
        name: 'generator',
        parameters: [...trainable(this.generator).values(), ...this.#recognitionWeights(false)],
        every: this.#adversary.criticSteps,
        loss: (batch, key, options) => this.#generatorLoss(batch, key, options),
      },
    ];
  }

  /** What both players minimize. */
  get loss(): AdversarialLoss {
    return this.#adversary.loss;
  }

  /**
   * $\ln p(x) / p_G(x)$ of the densities of data and samples in nats, `[n]`, as the critic estimates it; with the loss
   * `relativistic` up to a constant.
   * @param x - `[n, ...event]`
   * @param options - `context`, `[n, contextSize]`, of a critic that sees it
   * @throws ShapeError if `x` has another shape, or there is not one context for each row
   * @throws UnsupportedError for a loss whose critic does not estimate a ratio, such as `wasserstein`
   */
  logRatio(x: Tensor, { context, ...unknown }: { readonly context?: Tensor } = {}): Tensor {
    const where = `${this.#where}.logRatio`;
    checkOptions(where, unknown, ['context']);
    checkShape(where, 'x', x, ['n', ...this.eventShape]);
    const contextSize = this.recognition === undefined ? this.contextSize : 0;
    checkContext(where, context, { rows: x.shape[0]!, contextSize });
    const { logRatio } = checkRatio(where, this.loss);
    return tf.tidy(() => logRatio(this.#scores(context, {})(toNetworks(x, this.levels))));
  }

  /** Whether the generator is told codes that are drawn, not contexts of examples. */
  get #drawsCodes(): boolean {
    return this.recognition?.isSupervised === false;
  }

  /** The weights of the recognition network, if they are trained by the critic's objective, or by the generator's. */
  #recognitionWeights(byCritic: boolean): readonly Variable[] {
    const { recognition } = this;
    return recognition?.isSupervised === byCritic ? [...trainable(recognition.network).values()] : [];
  }

  /** G(z), as the networks see examples, and what the generator was told. */
  #generate(key: Key, n: number, context: Tensor | undefined, call: CallOptions): Told {
    const z = key.fold('z').normal([n, this.latent]);
    const drawn = this.#drawsCodes ? this.recognition?.code.draw(key.fold('code'), n) : undefined;
    const told = context ?? drawn;
    return { x: this.generator.apply(beside(z, told), childCall({ ...call, key }, 'generator')), told };
  }

  /** The critic as a function of the examples alone, `[n]`. */
  #scores(context: Tensor | undefined, call: CallOptions): (x: Tensor) => Tensor {
    const seen = this.recognition === undefined ? context : undefined;
    const scores = scoresOf(this.critic, call);
    return (x) => scores(beside(x, seen));
  }

  /** Real examples and their contexts, as the networks see them. */
  #realOf(batch: B): { readonly real: Tensor; readonly context: Tensor | undefined; readonly n: number } {
    const { x, context } = splitBatch(batch);
    checkShape(`${this.#where}.loss`, 'x', x, ['n', ...this.eventShape]);
    const n = x.shape[0]!;
    const contextSize = this.#drawsCodes ? 0 : this.contextSize;
    checkContext(`${this.#where}.loss`, context, { rows: n, contextSize });
    return { real: toNetworks(x, this.levels), context, n };
  }

  /** The critic learns from fakes that are constants to it. */
  #prepareFakes(batch: B, key: Key, { training }: LossOptions): Prepared {
    return tf.tidy(() => {
      const { context, n } = this.#realOf(batch);
      return { fakes: this.#generate(key.fold('fakes'), n, context, { training }).x };
    });
  }

  #criticLoss(batch: B, key: Key, { training, prepared, lazy }: LossOptions): Terms {
    return tf.tidy(() => {
      const { real, context } = this.#realOf(batch);
      const seen = this.#seen(real, prepared!['fakes']!, key);
      const scores = this.#scores(context, { training, key: key.fold('critic') });
      const terms = this.#adversary.criticTerms(scores, seen, { key, lazy });
      if (this.recognition?.isSupervised === true) {
        const call = { training, key: key.fold('recognition') };
        const told = tf.concat([context!, context!]);
        terms['recognition'] = this.#misread(tf.concat([seen.real, seen.fake]), told, call);
      }
      return totalOf(terms);
    });
  }

  #generatorLoss(batch: B, key: Key, { training }: LossOptions): Terms {
    return tf.tidy(() => {
      const { real, context, n } = this.#realOf(batch);
      const { x, told } = this.#generate(key.fold('fakes'), n, context, { training });
      const seen = this.#seen(real, x, key);
      const scores = this.#scores(context, { training, key: key.fold('critic') });
      const loss = this.#adversary.generatorLoss(scores, seen);
      if (this.recognition === undefined) return { total: loss };
      const recognition = this.#misread(seen.fake, told!, { training, key: key.fold('recognition') });
      return totalOf({ loss, recognition });
    });
  }

  /** $-\lambda \ln q(c|x)$, the mean over the batch. */
  #misread(x: Tensor, told: Tensor, call: CallOptions): Scalar {
    const { network, code, weight } = this.recognition!;
    return tf.mul<Scalar>(-weight, tf.mean<Scalar>(code.logProb(network.apply(x, call), told)));
  }

  /** What the critic sees. */
  #seen(real: Tensor, fake: Tensor, key: Key): { readonly real: Tensor; readonly fake: Tensor } {
    return {
      real: this.#augment(real, key.fold('augment real')),
      fake: this.#augment(fake, key.fold('augment fake')),
    };
  }

  /** Runs both networks once, to find out the shape of an example and what does not fit. */
  #checkNetworks(): Shape {
    const where = this.#where;
    return trialShape((n) => {
      const context = this.contextSize === 0 ? undefined : tf.zeros([n, this.contextSize]);
      const x = this.generator.apply(beside(tf.zeros([n, this.latent]), context));
      checkOutput(where, 'generator', x, { shape: '[n, ...event]' });
      const scores = this.critic.apply(beside(x, this.recognition === undefined ? context : undefined));
      checkScores(where, 'critic', scores);
      if (this.recognition !== undefined) {
        const { network, code } = this.recognition;
        checkVectors(where, 'recognition network', network.apply(x), code.numParameters);
      }
      this.#adversary.checkCritic(`${where}: the critic`, this.#scores(context, {}), x);
      return x;
    });
  }
}

/** Fakes, and what the generator was told besides its noise. */
interface Told {
  readonly x: Tensor;
  readonly told: Tensor | undefined;
}
