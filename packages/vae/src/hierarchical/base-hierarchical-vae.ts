import {
  BaseModule,
  checkSampling,
  checkShape,
  checkThat,
  childCall,
  conditional,
  hasKlDivergence,
  klDivergence,
  singleObjective,
  UnsupportedError,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Key,
  NetworkLike,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { logImportanceWeights } from '../elbo';
import type { Latent, LatentVariableModel } from '../elbo';
import type { AmortizedModel, VaeObjective } from '../objectives/objective';
import { checkObjective, hierarchicalLoss } from './hierarchical-objective';
import type { HierarchicalObjective, HierarchicalTerms } from './hierarchical-objective';
import { drawLevels, keyOfLevel, LevelChain, splitLevels } from './level-chain';
import type { Factor, Levels } from './level-chain';
import { LevelPriors } from './level-priors';
import type { Connections, GenerativeLevel } from './level-priors';

export interface HierarchicalVaeOptions {
  /** The levels, z_1 (the nearest to x) first. */
  readonly levels: readonly GenerativeLevel[];
  /** Maps z_1 (`adjacent`) or all levels, concatenated (`dense`), to the parameters of the likelihood. */
  readonly decoder: NetworkLike;
  /** The family of p(x|z). */
  readonly likelihood: DistributionHead;
  /**
   * The conditions of each level and of x: the level above only, as in the book (`adjacent`), or all levels above,
   * concatenated with z_{l+1} first (`dense`).
   * @defaultValue 'adjacent'
   */
  readonly connections?: Connections;
  /**
   * p(z_L). A function gets the top posterior $q(z_L|x)$, to make a VampPrior:
   * `topPrior: (encoder) => vampPrior({ encoder, pseudoInputs, key })`.
   * @defaultValue the standard normal
   */
  readonly topPrior?:
    | Distribution
    | ConditionalDistribution
    | ((encoder: (x: Tensor) => Distribution) => ConditionalDistribution);
  /**
   * Weights of the regularizers and free nats of each level; or an objective of a VAE for the concatenated levels,
   * such as `iwaeObjective({ numSamples: 5 })`.
   */
  readonly objective?: HierarchicalObjective | VaeObjective;
}

/** The names of the options of every hierarchy. */
export const HIERARCHY_OPTIONS: readonly (keyof HierarchicalVaeOptions)[] = [
  'levels',
  'decoder',
  'likelihood',
  'connections',
  'topPrior',
  'objective',
];

/** A level of the posterior of a batch. */
export interface LatentLevel extends Latent {
  /**
   * Whether the prior depends on no level that is drawn after z. Only then does the divergence of the two belong to
   * the bound.
   */
  readonly isGiven: boolean;
}

/**
 * The base of hierarchical VAEs, $p(x, z) = p(x|z_1)\, p(z_1|z_2) \cdots p(z_L)$: a subclass defines the order in
 * which the posterior draws the levels, and its factors.
 *
 * It owns its networks and a learned top prior: `dispose()` frees them.
 */
export abstract class BaseHierarchicalVae extends BaseModule implements BoundModel, LatentVariableModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  /** Of the data, not of the hierarchy. */
  readonly levels: number | undefined;
  /** `[M_1 + ... + M_L]`: all levels, concatenated. */
  readonly latentShape: Shape;
  /** $M_l$, z_1 first. */
  readonly sizes: readonly number[];
  protected readonly priors: LevelPriors;
  readonly #decoder: ConditionalDistribution;
  readonly #objective: HierarchicalObjective | VaeObjective;

  constructor({
    levels,
    decoder,
    likelihood,
    connections = 'adjacent',
    topPrior,
    objective = {},
  }: HierarchicalVaeOptions) {
    super();
    const where = new.target.name;
    if (!isVaeObjective(objective)) checkObjective(objective, levels.length, where);
    const top = levels.length - 1;
    this.priors = new LevelPriors({
      levels,
      connections,
      topPrior:
        typeof topPrior === 'function' ? topPrior((x) => this.posteriorFactors(x, {})(top, [])) : topPrior,
      where,
    });
    this.sizes = this.priors.sizes;
    this.eventShape = likelihood.eventShape;
    this.levels = likelihood.levels;
    this.latentShape = [this.sizes.reduce((total, size) => total + size, 0)];
    this.#objective = objective;
    this.child('prior', this.priors);
    this.#decoder = this.child('decoder', conditional(decoder, likelihood));
  }

  /** The levels, counted from 0, in the order in which the posterior draws them. */
  protected abstract readonly posteriorOrder: readonly number[];

  /** The factors $q(z_l | x, z_{\text{drawn before}})$; everything that depends only on x is computed once. */
  protected abstract posteriorFactors(x: Tensor, call: CallOptions): Factor;

  /**
   * The posterior of all levels, concatenated. It borrows what the networks compute: call this inside `tf.tidy`.
   * @param x - `[n, ...event]`
   * @param call - call options of the networks, whose `training` flag may change them
   */
  encode(x: Tensor, call: CallOptions = {}): Distribution {
    checkShape(`${this.constructor.name}.encode`, 'x', x, ['n', ...this.eventShape]);
    const [sizes, order] = [this.sizes, this.posteriorOrder];
    const factor = this.posteriorFactors(x, call);
    return new LevelChain({ sizes, order, batchShape: [x.shape[0]!], factor });
  }

  /** The prior of the concatenated levels; call this inside `tf.tidy`. */
  prior(call: CallOptions = {}): Distribution {
    const { sizes, downwards: order } = this.priors;
    return new LevelChain({ sizes, order, batchShape: [], factor: this.priors.given(call) });
  }

  /**
   * The likelihood p(x|z). It borrows the decoder's output: call this inside `tf.tidy`.
   * @param z - all levels, concatenated, `[n, ...latentShape]`
   */
  decode(z: Tensor, call: CallOptions = {}): Distribution {
    return this.#decodeLevels(splitLevels(z, this.sizes), call);
  }

  /**
   * One draw of the posterior. For each level, z_1 first: its distribution, the prior at the draw, and the draw,
   * `[n, M_l]`. They borrow tensors: call this inside `tf.tidy`.
   * @param x - `[n, ...event]`
   */
  infer(x: Tensor, key: Key, call: CallOptions = {}): readonly LatentLevel[] {
    checkShape(`${this.constructor.name}.infer`, 'x', x, ['n', ...this.eventShape]);
    const [ofPosterior, ofPrior] = [this.posteriorFactors(x, call), this.priors.given(call)];
    const [drawn, posteriors]: [Tensor[], Distribution[]] = [[], []];
    for (const level of this.posteriorOrder) {
      posteriors[level] = ofPosterior(level, drawn);
      drawn[level] = posteriors[level].sample(keyOfLevel(key, level));
    }
    return posteriors.map((posterior, level) => ({
      posterior,
      prior: ofPrior(level, drawn),
      z: drawn[level]!,
      isGiven: this.priors.parentsOf(level).every((parent) => this.#isDrawnBefore(parent, level)),
    }));
  }

  /** The bound with one draw of the levels, in nats, `[n]`. */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const { reconstruction, regularizers } = this.#terms(x, key, {});
      return regularizers.reduce((bound, regularizer) => tf.sub(bound, regularizer), reconstruction);
    });
  }

  /** Logarithms of K importance weights of each example, in nats, `[K, n]`; memory grows with K times n. */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    return tf.tidy(() => logImportanceWeights(this, x, key, numSamples));
  }

  /** Ancestral sampling, from the top level down to x; `[n, ...event]`. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling(`${this.constructor.name}.sample`, { key, n, options });
    return tf.tidy(() => this.#descend([], { key, n }));
  }

  /**
   * `n` examples that share the draw of some levels, to show what these levels encode.
   * @param options - `shared`: the number of levels, from the top, that are drawn once
   * @returns `[n, ...event]`
   * @throws ArgumentError if there are not so many levels
   */
  sampleVariations(key: Key, n: number, { shared }: { readonly shared: number }): Tensor {
    return tf.tidy(() => {
      const order = this.priors.downwards.slice(0, this.#checkCount(shared, 'shared'));
      const once = drawLevels(this.priors.given({}), { order, key: key.fold('shared'), lead: [1] });
      const common = once.map((z) => tf.tile(z, [n, 1]));
      return this.#descend(common, { key, n });
    });
  }

  /**
   * Encodes x and decodes it again.
   * @param options - `kept`: the number of levels, from the top, that come from the posterior (all by default). The
   * levels below come from the prior, so only the information of the upper levels about x is kept
   * @returns `[n, ...event]`
   * @throws ArgumentError if there are not so many levels
   */
  reconstruct(x: Tensor, key: Key, { kept = this.sizes.length }: { readonly kept?: number } = {}): Tensor {
    return tf.tidy(() => {
      const lowest = this.sizes.length - this.#checkCount(kept, 'kept');
      const upper = this.infer(x, key).map(({ z }, level) => (level < lowest ? undefined : z));
      return this.#descend(upper, { key: key.fold('prior'), n: x.shape[0]! });
    });
  }

  /**
   * One objective: minus the bound in nats per example, with the regularizer of each level; or the objective of the
   * options.
   */
  objectives(): readonly Objective[] {
    const objective = this.#objective;
    return singleObjective<Tensor>(this, {
      name: isVaeObjective(objective) ? objective.name : 'elbo',
      loss: (x, key, options) => {
        const call = { training: options.training, key: key.fold('networks') };
        return isVaeObjective(objective)
          ? objective.loss(this.#during(call), x, key, options)
          : hierarchicalLoss(this.#terms(x, key, call), objective, options);
      },
    });
  }

  /** The model of the concatenated levels, with networks in training mode or not. */
  #during(call: CallOptions): AmortizedModel {
    return {
      encode: (x) => this.encode(x, call),
      encodeDetached: () => {
        throw new UnsupportedError({
          where: this.constructor.name,
          argument: 'objective',
          expected: "to have gradient: 'total' for a hierarchy",
          actual: 'one that detaches the posterior',
          remedy: 'leave its option gradient out',
        });
      },
      decode: (z) => this.decode(z, call),
      prior: () => this.prior(call),
    };
  }

  #terms(x: Tensor, key: Key, call: CallOptions): HierarchicalTerms {
    const levels = this.infer(x, key, call);
    const z = levels.map((level) => level.z);
    return {
      reconstruction: this.#decodeLevels(z, call).logProb(x), // ln p(x|z)
      regularizers: levels.map(({ posterior, prior, z: draw, isGiven }) =>
        isGiven && hasKlDivergence(posterior, prior)
          ? klDivergence(posterior, prior) // KL[q(z_l|.) || p(z_l|.)]
          : tf.sub(posterior.logProb(draw), prior.logProb(draw)),
      ),
    };
  }

  /** Draws the levels that are missing, and x. */
  #descend(drawn: Levels, { key, n }: { key: Key; n: number }): Tensor {
    const order = this.priors.downwards.filter((level) => drawn[level] === undefined);
    const z = drawLevels(this.priors.given({}), { order, key, lead: [n], from: drawn });
    return this.#decodeLevels(z, {}).sample(key.fold('x'));
  }

  #decodeLevels(z: readonly Tensor[], call: CallOptions): Distribution {
    return this.#decoder.given(this.priors.contextOfX(z), childCall(call, 'decoder'));
  }

  #isDrawnBefore(level: number, other: number): boolean {
    return this.posteriorOrder.indexOf(level) < this.posteriorOrder.indexOf(other);
  }

  #checkCount(count: number, argument: string): number {
    const levels = this.sizes.length;
    checkThat(this.constructor.name, argument, Number.isInteger(count) && count >= 0 && count <= levels, {
      expected: `to be a number of levels, 0 to ${levels}`,
      actual: String(count),
    });
    return count;
  }
}

function isVaeObjective(objective: HierarchicalObjective | VaeObjective): objective is VaeObjective {
  return 'loss' in objective;
}
