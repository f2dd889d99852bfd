import {
  asLayer,
  BaseModule,
  checkGiven,
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  checkSampling,
  checkShape,
  childCall,
  conditional,
  exp,
  hmc,
  Independent,
  log1mExp,
  logNdtr,
  Normal,
  normalHead,
  sampleAndLogProb,
  selectByMask,
  sigmoid,
  standardNormal,
  trainable,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionalDistribution,
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
import { checkPart } from '../check';
import {
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
import type { AdversaryOptions, Terms } from './adversary';
import type { Augmentation } from './augmentation';

export interface PrescribedGanOptions extends GeneratorOptions, AdversaryOptions {
  /** $\mu$, from latent variables `[n, latent]` to means of examples `[n, ...event]`. */
  readonly generator: NetworkLike;
  /** The critic, from examples `[n, ...event]` to one score each, `[n, 1]`. */
  readonly critic: NetworkLike;
  /**
   * From examples `[n, ...event]` to means and then log-variances of latent variables, `[n, 2 latent]`: the proposal of the
   * importance weights. It learns beside the generator, which does not learn from it.
   */
  readonly encoder: NetworkLike;
  /** $\lambda$, the weight of the entropy of the samples, in nats. @defaultValue 0.001 */
  readonly entropyWeight?: number;
  /** The range of $\sigma$, in the unit that the networks see. It starts in the middle of its logarithms. @defaultValue [0.01, 0.3] */
  readonly stdRange?: readonly [min: number, max: number];
  /** Steps of Hamiltonian Monte Carlo for each gradient of the entropy. @defaultValue 3 */
  readonly chainSteps?: number;
  /** Leapfrog steps of each of them. @defaultValue 5 */
  readonly leapfrogSteps?: number;
  /** What the critic sees of real examples and of fakes alike. Defaults to both as they are. */
  readonly augment?: Augmentation;
}

/** The acceptance rate that the step size of the chains is adapted to, and how fast. */
const [ACCEPTANCE, ADAPTATION] = [0.67, 0.05];

/** The step size that the chains start from. */
const FIRST_STEP = 0.1;

/**
 * A GAN with a likelihood: a generator gives the mean of an example, and learned noise is added to it,
 *
 * $$x = \mu(z) + \sigma \odot \epsilon, \quad p(x) = \int \mathcal N(x | \mu(z), \operatorname{diag} \sigma^2)\, p(z)\, dz$$
 *
 * The generator learns from a critic, and is kept from dropping modes by the entropy of its samples, which is added to its
 * objective with the weight $\lambda$. The entropy has no closed form, but its gradient needs no more than a draw z' of
 * p(z given x), by Hamiltonian Monte Carlo from the z of which x was made:
 *
 * $$\nabla H = -\mathbb{E}\left[\nabla_x \ln p(x)^\top \nabla x\right], \quad
 *   \nabla_x \ln p(x) = \mathbb{E}_{p(z'|x)}\left[\frac{\mu(z') - x}{\sigma^2}\right]$$
 *
 * With `loss: 'wasserstein'`, `penalties: []` and an `entropyWeight` of 1 this is variational training of an energy-based model:
 * minus the score of the critic is the energy E, which minimizes what the density q of the samples maximizes,
 * $\mathbb{E}_{data}[E(x)] - \mathbb{E}_q[E(x)] + H[q]$ (DGM Eq. 7.11).
 *
 * Integers have the probability that a sample is rounded to them. The objectives are `critic`, `generator` and `proposal`; the last
 * trains the encoder that the bound draws from.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws ShapeError if the networks do not fit each other
 * @throws UnsupportedError if there are penalties and the critic has no right second derivative
 * @see Prescribed Generative Adversarial Networks (Dieng, Ruiz, Blei and Titsias, 2019), Eq. 6-12; DGM §7.4
 * @example
 * ```ts
 * const model = prescribedGan({
 *   latent: 16,
 *   generator: mlp([16, 128, 64], { key: key.fold('generator'), outputActivation: 'tanh' }),
 *   critic: mlp([64, 128, 1], { key: key.fold('critic') }),
 *   encoder: mlp([64, 128, 2 * 16], { key: key.fold('encoder') }),
 *   levels: 17,
 * });
 * ```
 */
export function prescribedGan(options: PrescribedGanOptions): PrescribedGan {
  return record(new PrescribedGan(options), 'prescribedGan', arguments);
}

/** What {@link prescribedGan} makes. */
export class PrescribedGan extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly generator: Layer;
  readonly critic: Layer;
  readonly #encoder: ConditionalDistribution;
  readonly #latent: number;
  readonly #adversary: Adversary;
  readonly #augment: Augmentation;
  readonly #entropyWeight: number;
  readonly #chain: { readonly steps: number; readonly leapfrogSteps: number };
  readonly #logStdRange: readonly [min: number, max: number];
  /** Where $\ln \sigma$ is in its range, as a logit. */
  readonly #std: Variable;
  readonly #logStepSize: Variable;

  constructor(options: PrescribedGanOptions) {
    super();
    const where = 'prescribedGan';
    checkOptions(where, options, [
      ...['generator', 'critic', 'encoder', 'latent', 'entropyWeight', 'stdRange'],
      ...['chainSteps', 'leapfrogSteps', 'augment', 'levels', ...ADVERSARY_OPTIONS],
    ]);
    const {
      latent,
      entropyWeight = 1e-3,
      stdRange = [0.01, 0.3],
      chainSteps = 3,
      leapfrogSteps = 5,
    } = options;
    const { augment = (x) => tf.clone(x), levels } = options;
    checkNumber(where, 'entropyWeight', entropyWeight, { min: 0 });
    const [min, max] = Array.isArray(stdRange) ? (stdRange as readonly number[]) : [];
    checkGiven(where, 'stdRange', max, 'to be [min, max]');
    checkNumber(where, 'stdRange[0]', min, { above: 0 });
    checkNumber(where, 'stdRange[1]', max, { above: min! });
    checkInteger(where, 'chainSteps', chainSteps);
    checkInteger(where, 'leapfrogSteps', leapfrogSteps);
    checkGenerator(where, options, ['generator', 'critic', 'encoder']);
    const isFunction = typeof augment === 'function';
    checkPart(where, 'augment', augment, { isOne: isFunction, expected: 'to be a function of x and a key' });
    this.#adversary = new Adversary(where, options);
    this.#augment = augment;
    this.#latent = latent;
    this.#entropyWeight = entropyWeight;
    this.#chain = { steps: chainSteps, leapfrogSteps };
    this.#logStdRange = [Math.log(min!), Math.log(max!)];
    this.levels = levels;
    this.generator = this.child('generator', asLayer(options.generator));
    this.critic = this.child('critic', asLayer(options.critic));
    const encoder = asLayer(options.encoder);
    this.#encoder = this.child('encoder', conditional(encoder, normalHead({ shape: [latent] })));
    this.eventShape = this.#checkNetworks(where, encoder);
    this.#std = this.parameter('std', tf.zeros([...this.eventShape]));
    this.#logStepSize = this.parameter('log-step-size', tf.scalar(Math.log(FIRST_STEP)), {
      trainable: false,
    });
  }

  /** @returns $\mu(z) + \sigma \odot \epsilon$ for n draws of z and of the noise, `[n, ...event]` */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('PrescribedGan.sample', { key, n, options });
    return tf.tidy(() => fromNetworks(this.#generate(this.#draw(key, n), { key }), this.levels));
  }

  /** $\sigma$, `[...event]`, in the unit that the networks see. */
  std(): Tensor {
    const [min, max] = this.#logStdRange;
    return tf.tidy(() => exp(tf.add(min, tf.mul(max - min, sigmoid(this.#std)))));
  }

  /**
   * $\ln p(x|z)$ in nats, `[n]`.
   * @param x - `[n, ...event]`
   * @param z - `[n, latent]`
   * @throws ShapeError if one has another shape
   */
  logProbGiven(x: Tensor, z: Tensor): Tensor {
    const where = 'PrescribedGan.logProbGiven';
    checkShape(where, 'x', x, ['n', ...this.eventShape]);
    checkShape(where, 'z', z, [x.shape[0]!, this.#latent]);
    return tf.tidy(() => {
      const mean = this.#mean(z, {});
      return this.levels === undefined
        ? this.#noiseAround(mean).logProb(x)
        : this.#logMass(x, mean, this.levels);
    });
  }

  /**
   * Log importance weights $\ln p(x, z_s) - \ln q(z_s|x)$ of draws of the encoder in nats, `[numSamples, n]`. The logarithm of
   * their mean is on average below the log-likelihood.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    checkKey('PrescribedGan.logWeights', key);
    checkInteger('PrescribedGan.logWeights', 'numSamples', numSamples);
    return this.#logWeights(x, { key, training: false }, numSamples);
  }

  /**
   * $\ln p(x, z) - \ln q(z|x)$ of one draw of the encoder in nats, `[n]`.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => tf.squeeze(this.logWeights(x, key, 1), [0]));
  }

  objectives(): readonly Objective[] {
    return [
      {
        name: 'critic',
        parameters: [...trainable(this.critic).values()],
        validated: false,
        ...this.#adversary.schedule([this.critic]),
        prepare: (x, key, { training }): Prepared =>
          tf.tidy(() => ({ fakes: this.#generate(this.#draw(key, this.#rows(x)), { key, training }) })),
        loss: (x, key, options) => this.#criticLoss(x, key, options),
      },
      {
        name: 'generator',
        parameters: [...trainable(this.generator).values(), this.#std],
        every: this.#adversary.criticSteps,
        prepare: (x, key, options) => this.#prepareScores(x, key, options),
        loss: (x, key, options) => this.#generatorLoss(x, key, options),
      },
      {
        name: 'proposal',
        parameters: [...trainable(this.#encoder).values()],
        loss: (x, key, { training }) => ({
          total: tf.tidy(() => tf.neg(tf.mean<Scalar>(this.#logWeights(x, { key, training }, 1)))),
        }),
      },
    ];
  }

  #criticLoss(x: Tensor, key: Key, { training, prepared, lazy }: LossOptions): Terms {
    return tf.tidy(() => {
      const seen = this.#seen(x, prepared!['fakes']!, key);
      const scores = scoresOf(this.critic, { training, key: key.fold('critic') });
      return totalOf(this.#adversary.criticTerms(scores, seen, { key, lazy }));
    });
  }

  /** The adversarial `loss`, and `entropy`, which is worth nothing: its gradient is that of $-\lambda H$. */
  #generatorLoss(x: Tensor, key: Key, { training, prepared }: LossOptions): Terms {
    return tf.tidy(() => {
      const fakes = this.#generate(prepared as unknown as Draws, { training, key: key.fold('prepare') });
      const scores = scoresOf(this.critic, { training, key: key.fold('critic') });
      const loss = this.#adversary.generatorLoss(scores, this.#seen(x, fakes, key));
      const along = tf.div<Scalar>(tf.sum<Scalar>(tf.mul(prepared!['score']!, fakes)), this.#rows(x));
      return totalOf({ loss, entropy: tf.mul<Scalar>(this.#entropyWeight, along) });
    });
  }

  /** Draws, and an estimate of $\nabla_x \ln p(x)$ at what is made of them. */
  #prepareScores(x: Tensor, key: Key, { training }: LossOptions): Prepared {
    return tf.tidy(() => {
      const draws = this.#draw(key, this.#rows(x));
      const fakes = this.#generate(draws, { key, training });
      const mean = this.#mean(this.#posteriorDraw(fakes, draws.z, key.fold('chain'), training), {});
      return { ...draws, score: tf.div(tf.sub(mean, fakes), tf.square(this.std())) };
    });
  }

  /** The state of chains that leave p(z given x) as it is, which start at a draw of it. */
  #posteriorDraw(x: Tensor, z: Tensor, key: Key, training: boolean): Tensor {
    const prior = standardNormal([this.#latent]);
    // The step size is a variable: chains of steps of size 1 go through z over the step size.
    const stepSize = exp(this.#logStepSize);
    const loop = hmc({
      logProb: (scaled) => {
        const at = tf.mul(scaled, stepSize);
        return tf.add(this.#noiseAround(this.#mean(at, {})).logProb(x), prior.logProb(at));
      },
      initial: tf.div(z, stepSize),
      stepSize: 1,
      ...this.#chain,
    });
    let state = loop.start(loop.inputs, key.fold(0));
    for (let step = 1; step <= loop.steps; step++) state = loop.next(state, {}, key.fold(step));
    if (training) {
      const excess = tf.sub(tf.mean(state.meanAcceptance), ACCEPTANCE);
      this.#logStepSize.assign(tf.add(this.#logStepSize, tf.mul(ADAPTATION, excess)));
    }
    return tf.mul(state.x, stepSize);
  }

  #logWeights(x: Tensor, { key, training }: CallOptions & { readonly key: Key }, numSamples: number): Tensor {
    const n = this.#rows(x);
    return tf.tidy(() => {
      const call = { training: training ?? false, key: key.fold('encoder') };
      const proposal = this.#encoder.given(toNetworks(x, this.levels), call);
      const { x: z, logProb } = sampleAndLogProb(proposal, key.fold('z'), [numSamples]);
      const rows = tf.reshape(z, [numSamples * n, this.#latent]);
      const copies = tf.tile(x, [numSamples, ...this.eventShape.map(() => 1)]);
      const given = tf.reshape(this.logProbGiven(copies, rows), [numSamples, n]);
      return tf.sub(tf.add(given, standardNormal([this.#latent]).logProb(z)), logProb);
    });
  }

  /** The density of what the networks see. */
  #noiseAround(mean: Tensor): Independent {
    return new Independent(new Normal(mean, this.std()), this.eventShape.length);
  }

  /**
   * $\ln(\Phi(b) - \Phi(a))$, summed over the entries of an example, for the ends a and b of the interval that is rounded to x.
   * Those of the first and of the last integer are open.
   */
  #logMass(x: Tensor, mean: Tensor, levels: number): Tensor {
    const std = this.std();
    const deviation = tf.div(tf.sub(toNetworks(x, levels), mean), std);
    const half = tf.div(1 / (levels - 1), std);
    // Both ends on the left, where the logarithms are exact.
    const distance = tf.abs(deviation);
    const [near, far] = [logNdtr(tf.sub(half, distance)), logNdtr(tf.neg(tf.add(half, distance)))];
    const inner = tf.add(near, log1mExp(tf.sub(far, near)));
    const first = logNdtr(tf.add(deviation, half));
    const last = logNdtr(tf.sub(half, deviation));
    const mass = selectByMask(tf.equal(x, 0), first, selectByMask(tf.equal(x, levels - 1), last, inner));
    return tf.sum(tf.reshape(mass, [x.shape[0]!, -1]), 1);
  }

  #draw(key: Key, n: number): Draws {
    return {
      z: key.fold('z').normal([n, this.#latent]),
      noise: key.fold('noise').normal([n, ...this.eventShape]),
    };
  }

  #mean(z: Tensor, call: CallOptions): Tensor {
    return this.generator.apply(z, childCall(call, 'generator'));
  }

  #generate({ z, noise }: Draws, call: CallOptions): Tensor {
    return tf.add(this.#mean(z, call), tf.mul(this.std(), noise));
  }

  /** Real examples and fakes, as the critic sees them. */
  #seen(x: Tensor, fake: Tensor, key: Key): { readonly real: Tensor; readonly fake: Tensor } {
    const real = this.#augment(toNetworks(x, this.levels), key.fold('augment real'));
    return { real, fake: this.#augment(fake, key.fold('augment fake')) };
  }

  #rows(x: Tensor): number {
    checkShape('PrescribedGan', 'x', x, ['n', ...this.eventShape]);
    return x.shape[0]!;
  }

  /** Runs the networks once, to find out the shape of an example and what does not fit. */
  #checkNetworks(where: string, encoder: Layer): Shape {
    const latent = this.#latent;
    return trialShape((n) => {
      const x = this.#mean(tf.zeros([n, latent]), {});
      checkOutput(where, 'generator', x, { shape: '[n, ...event]' });
      checkScores(where, 'critic', this.critic.apply(x));
      checkVectors(where, 'encoder', encoder.apply(x), 2 * latent);
      this.#adversary.checkCritic(`${where}: the critic`, scoresOf(this.critic, {}), x);
      return x;
    });
  }
}

/** What an example is made of: latent variables, `[n, latent]`, and the noise that is added, `[n, ...event]`. */
interface Draws {
  readonly z: Tensor;
  readonly noise: Tensor;
}
