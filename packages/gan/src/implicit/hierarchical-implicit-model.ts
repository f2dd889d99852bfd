import {
  asLayer,
  BaseModule,
  checkGiven,
  checkInteger,
  checkOptions,
  checkSampling,
  checkShape,
  checkThat,
  childCall,
  conditional,
  formatShape,
  Independent,
  Normal,
  normalHead,
  sampleAndLogProb,
  selectByMask,
  ShapeError,
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
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkPart } from '../check';
import { adversarialLoss } from '../losses/adversarial-loss';
import { beside, checkOutput, checkScores, checkVectors, trialShape } from '../networks';
import { record } from '../record';

export interface HierarchicalImplicitModelOptions {
  /** $p(\beta)$, of the variables that all examples share, `[globals]`. */
  readonly prior: Distribution;
  /**
   * What makes an example, from shared variables, its own latent variables and noise beside each other,
   * `[n, globals + locals + noise]`, to `[n, ...event]`. It is only run, never differentiated, and learns nothing itself.
   */
  readonly simulator: NetworkLike;
  /** The numbers of standard normal noise that an example is made of besides. */
  readonly noise: number;
  /** The number of latent variables of each example, which are standard normal. @defaultValue 0 */
  readonly locals?: number;
  /**
   * From a flat example with shared variables beside it, `[n, size of an example + globals]`, to means and then log-variances of its
   * latent variables, `[n, 2 locals]`. Only with `locals`.
   */
  readonly encoder?: NetworkLike;
  /**
   * The log-ratio, from a flat example with shared variables and its latent variables beside it,
   * `[n, size of an example + globals + locals]`, to one number each, `[n, 1]`.
   */
  readonly ratio: NetworkLike;
  /** The number of examples that the shared variables are learned from: all of the training examples. */
  readonly count: number;
}

/**
 * Bayesian inference in a model that can only be simulated. All examples share variables $\beta$, each may have latent variables z of
 * its own, and a simulator makes the example of them and of noise, so that $p(x | z, \beta)$ has no formula:
 *
 * $$p(x, z, \beta) = p(\beta) \prod_n p(x_n | z_n, \beta)\, p(z_n)$$
 *
 * A network r learns $\ln p(x, z | \beta) - \ln q(x, z | \beta)$ by telling simulations from the data with draws of $q(z | x, \beta)$
 * beside them. In the place of the likelihood it gives a bound, up to a constant, which $q(\beta)$, normal with independent entries,
 * and $q(z | x, \beta)$ raise:
 *
 * $$\mathbb{E}_{q(\beta)}\Big[\ln p(\beta) - \ln q(\beta) + \sum_n \mathbb{E}_{q(z_n | x_n, \beta)}[r(x_n, z_n, \beta)]\Big]$$
 *
 * Half of the values of $\beta$ that r learns from are of the prior, so that it is right from the start, and half of $q(\beta)$. The
 * objectives are `ratio` and `posterior`. `sample` draws examples of the posterior predictive distribution.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws ShapeError if the networks do not fit each other
 * @see Hierarchical Implicit Models and Likelihood-Free Variational Inference (Tran, Ranganath and Blei, 2017), Eq. 4-6 and Algorithm
 * 1; DGM §7.4
 * @example
 * ```ts
 * // Two scales, of which positive numbers with multiplicative noise are seen.
 * const model = hierarchicalImplicitModel({
 *   prior: standardNormal([2]),
 *   noise: 2,
 *   simulator: (told) => {
 *     const [scales, noise] = tf.split(told, 2, 1);
 *     return tf.exp(tf.add(scales!, tf.mul(0.3, noise!)));
 *   },
 *   ratio: mlp([2 + 2, 64, 1], { key: key.fold('ratio'), activation: 'softplus' }),
 *   count: 200,
 * });
 * ```
 */
export function hierarchicalImplicitModel(
  options: HierarchicalImplicitModelOptions,
): HierarchicalImplicitModel {
  return record(new HierarchicalImplicitModel(options), 'hierarchicalImplicitModel', arguments);
}

const NO_ENCODER = 'to be left out, as there are no locals to read';

const OPTIONS = ['prior', 'simulator', 'noise', 'locals', 'encoder', 'ratio', 'count'];

/** What {@link hierarchicalImplicitModel} makes. */
export class HierarchicalImplicitModel extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly prior: Distribution;
  readonly #sizes: { readonly globals: number; readonly locals: number; readonly noise: number };
  readonly #count: number;
  readonly #simulator: Layer;
  readonly #encoder: ConditionalDistribution | undefined;
  readonly #ratio: Layer;
  readonly #mean: Variable;
  readonly #logStd: Variable;

  constructor(options: HierarchicalImplicitModelOptions) {
    super();
    const where = 'hierarchicalImplicitModel';
    checkOptions(where, options, OPTIONS);
    const { prior, noise, locals = 0, encoder, count } = options;
    checkGiven(where, 'prior', prior, 'to be a distribution of the shared variables');
    checkInteger(where, 'noise', noise);
    checkInteger(where, 'locals', locals, { min: 0 });
    checkInteger(where, 'count', count);
    for (const name of ['simulator', 'ratio'] as const)
      checkGiven(where, name, options[name], 'to be a network');
    if (locals > 0) checkGiven(where, 'encoder', encoder, 'to be a network, as there are locals');
    if (locals === 0)
      checkPart(where, 'encoder', encoder, { isOne: encoder === undefined, expected: NO_ENCODER });
    const [globals, ...more] = prior.eventShape;
    checkThat(where, 'prior', globals !== undefined && more.length === 0, {
      error: ShapeError,
      expected: 'of vectors, [globals]',
      actual: formatShape(prior.eventShape),
    });
    this.prior = prior;
    this.#sizes = { globals, locals, noise };
    this.#count = count;
    this.#simulator = this.child('simulator', asLayer(options.simulator));
    const network = encoder === undefined ? undefined : asLayer(encoder);
    this.#encoder = network && this.child('encoder', conditional(network, normalHead({ shape: [locals] })));
    this.#ratio = this.child('ratio', asLayer(options.ratio));
    this.eventShape = this.#checkNetworks(where, network);
    this.#mean = this.parameter('mean', tf.zeros([globals]));
    this.#logStd = this.parameter('log-std', tf.zeros([globals]));
  }

  /** $q(\beta)$, `[globals]`. It borrows weights and makes tensors: call this inside `tf.tidy`. */
  posterior(): Distribution {
    return new Independent(new Normal(this.#mean, { logScale: this.#logStd }), 1);
  }

  /** @returns n examples, each of shared variables of its own from $q(\beta)$, `[n, ...event]` */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('HierarchicalImplicitModel.sample', { key, n, options });
    return tf.tidy(() => {
      const globals = this.posterior().sample(key.fold('globals'), [n]);
      return tf.clone(this.#simulate(globals, { key }).x);
    });
  }

  objectives(): readonly Objective[] {
    return [
      {
        name: 'ratio',
        parameters: [...trainable(this.#ratio).values()],
        prepare: (x, key, { training }): Prepared => tf.tidy(() => ({ ...this.#told(x, { training, key }) })),
        loss: (_x, key, { training, prepared }) =>
          tf.tidy(() => {
            const call = { training, key: key.fold('ratio') };
            const [real, fake] = ['simulated', 'observed'].map((name) =>
              this.#logRatio(prepared![name]!, call),
            );
            return { total: adversarialLoss('saturating').critic(real!, fake!) };
          }),
      },
      {
        name: 'posterior',
        parameters: [
          ...[this.#mean, this.#logStd],
          ...(this.#encoder === undefined ? [] : trainable(this.#encoder).values()),
        ],
        loss: (x, key, options) => this.#posteriorLoss(x, key, options),
      },
    ];
  }

  /** Minus the bound of an example, up to a constant: $\frac1N (\ln q(\beta) - \ln p(\beta)) - r(x, z, \beta)$. */
  #posteriorLoss(
    x: Tensor,
    key: Key,
    { training }: LossOptions,
  ): {
    total: Scalar;
    divergence: Scalar;
    ratio: Scalar;
  } {
    return tf.tidy(() => {
      const n = this.#rows(x);
      const { x: globals, logProb } = sampleAndLogProb(this.posterior(), key.fold('globals'), [n]);
      const divergence = tf.mean<Scalar>(tf.sub(logProb, this.prior.logProb(globals)));
      const observed = this.#observed(x, globals, { training, key: key.fold('locals') });
      const ratio = tf.mean<Scalar>(this.#logRatio(observed, { training, key: key.fold('ratio') }));
      return {
        total: tf.sub<Scalar>(tf.div(divergence, this.#count), ratio),
        divergence,
        ratio,
      };
    });
  }

  /** Simulations and data, each with shared and own variables beside it, `[n, size of an example + globals + locals]`. */
  #told(
    x: Tensor,
    { training, key }: { readonly training: boolean; readonly key: Key },
  ): { readonly simulated: Tensor; readonly observed: Tensor } {
    const n = this.#rows(x);
    const ofPrior = this.prior.sample(key.fold('prior'), [n]);
    const ofPosterior = this.posterior().sample(key.fold('posterior'), [n]);
    const globals = selectByMask(tf.less(key.fold('which').uniform([n, 1]), 0.5), ofPrior, ofPosterior);
    const { x: simulated, locals } = this.#simulate(globals, { training, key: key.fold('simulator') });
    return {
      simulated: besideEachOther([simulated, globals, locals]),
      observed: this.#observed(x, globals, { training, key: key.fold('locals') }),
    };
  }

  /** Examples with shared variables and draws of $q(z|x, \beta)$ beside them. */
  #observed(x: Tensor, globals: Tensor, call: CallOptions & { readonly key: Key }): Tensor {
    const known = beside(x, globals);
    const posterior = this.#encoder?.given(known, childCall(call, 'encoder'));
    return besideEachOther([known, posterior?.sample(call.key.fold('z'))]);
  }

  #simulate(
    globals: Tensor,
    call: CallOptions & { readonly key: Key },
  ): { readonly x: Tensor; readonly locals: Tensor | undefined } {
    const n = globals.shape[0]!;
    const size = this.#sizes.locals;
    const locals = size === 0 ? undefined : call.key.fold('z').normal([n, size]);
    const noise = call.key.fold('noise').normal([n, this.#sizes.noise]);
    const told = besideEachOther([globals, locals, noise]);
    return { x: this.#simulator.apply(told, childCall(call, 'simulator')), locals };
  }

  #logRatio(told: Tensor, call: CallOptions): Tensor {
    return tf.reshape(this.#ratio.apply(told, call), [-1]);
  }

  #rows(x: Tensor): number {
    checkShape('hierarchicalImplicitModel.loss', 'x', x, ['n', ...this.eventShape]);
    return x.shape[0]!;
  }

  /** Runs the networks once, to find out the shape of an example and what does not fit. */
  #checkNetworks(where: string, encoder: Layer | undefined): Shape {
    const { globals, locals, noise } = this.#sizes;
    return trialShape((n) => {
      const x = this.#simulator.apply(tf.zeros([n, globals + locals + noise]));
      checkOutput(where, 'simulator', x, { shape: '[n, ...event]' });
      const known = beside(x, tf.zeros([n, globals]));
      if (encoder !== undefined) {
        checkVectors(where, 'encoder', encoder.apply(known), 2 * locals);
      }
      const told = besideEachOther([known, locals === 0 ? undefined : tf.zeros([n, locals])]);
      const ratio = this.#ratio.apply(told);
      checkScores(where, 'ratio', ratio);
      return x;
    });
  }
}

/** What there is of examples and vectors side by side, flat. */
function besideEachOther(parts: readonly (Tensor | undefined)[]): Tensor {
  const rows = parts.flatMap((part) => (part === undefined ? [] : [tf.reshape(part, [part.shape[0]!, -1])]));
  return tf.concat(rows, 1);
}
