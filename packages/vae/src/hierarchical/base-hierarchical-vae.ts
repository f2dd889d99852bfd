import {
  ArgumentError,
  asLayer,
  BaseModule,
  conditional,
  formatShape,
  hasKlDivergence,
  klDivergence,
  sameShape,
  ShapeError,
  standardNormal,
  trainable,
} from '@dgm/core';
import type {
  BoundModel,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Key,
  Layer,
  NetworkLike,
  Objective,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { logImportanceWeights } from '../elbo';
import type { Latent, LatentVariableModel } from '../elbo';
import { checkObjective, hierarchicalLoss } from './hierarchical-objective';
import type { HierarchicalObjective, HierarchicalTerms } from './hierarchical-objective';
import { drawLevels, joinLevels, keyOfLevel, LevelChain, splitLevels } from './level-chain';
import type { Factor, Levels } from './level-chain';
import { applyToRows, momentsOf, normalOf } from './moments';
import type { Moments } from './moments';

/** What the generative part of one level is made of. */
export interface GenerativeLevel {
  /** $M_l$, the number of latent variables. */
  readonly latent: number;
  /**
   * Maps what it depends on, `[n, sum of their M]`, to the means and log-variances of p(z_l | above), `[n, 2 M_l]`. Every level
   * has one but the top one, whose prior is `topPrior`.
   */
  readonly prior?: NetworkLike;
}

export interface HierarchicalVaeOptions {
  /** The levels, z_1 (the nearest to x) first. */
  readonly levels: readonly GenerativeLevel[];
  /** Maps z_1 (`adjacent`) or all levels side by side (`dense`) to the parameters of the likelihood. */
  readonly decoder: NetworkLike;
  /** The family of p(x|z). */
  readonly likelihood: DistributionHead;
  /**
   * What a level and x depend on: the level above alone, as in the book (`adjacent`, unless given), or all levels above side
   * by side, z_{l+1} first (`dense`).
   */
  readonly connections?: 'adjacent' | 'dense';
  /**
   * p(z_L): the standard normal unless given. A function gets the top posterior $q(z_L|x)$, which a VampPrior is made of:
   * `topPrior: (encoder) => vampPrior({ encoder, pseudoInputs, key })`.
   */
  readonly topPrior?:
    | Distribution
    | ConditionalDistribution
    | ((encoder: (x: Tensor) => Distribution) => ConditionalDistribution);
  /** Weights of the regularizers, free nats. */
  readonly objective?: HierarchicalObjective;
}

/** A level of the posterior of a batch. */
export interface LatentLevel extends Latent {
  /** Whether the prior depends on nothing that is drawn after z: only then is the divergence of the two what the bound wants. */
  readonly isGiven: boolean;
}

/**
 * The base of hierarchical VAEs, $p(x, z) = p(x|z_1)\, p(z_1|z_2) \cdots p(z_L)$: an author writes in which order the posterior
 * draws the levels, and its factors.
 *
 * It owns its networks and a learned top prior: `dispose()` frees them.
 */
export abstract class BaseHierarchicalVae extends BaseModule implements BoundModel, LatentVariableModel {
  readonly likelihood = 'lower-bound';
  readonly eventShape: Shape;
  /** `[M_1 + ... + M_L]`: all levels side by side. */
  readonly latentShape: Shape;
  /** $M_l$, z_1 first. */
  readonly sizes: readonly number[];
  readonly #decoder: ConditionalDistribution;
  readonly #priors: readonly Layer[];
  readonly #topPrior: Distribution | ConditionalDistribution;
  readonly #isDense: boolean;
  readonly #objective: HierarchicalObjective;

  constructor({
    levels,
    decoder,
    likelihood,
    connections = 'adjacent',
    topPrior,
    objective = {},
  }: HierarchicalVaeOptions) {
    super();
    checkLevels(levels, new.target.name);
    checkObjective(objective, levels.length, new.target.name);
    this.eventShape = likelihood.eventShape;
    this.sizes = levels.map(({ latent }) => latent);
    this.latentShape = [this.sizes.reduce((total, size) => total + size, 0)];
    this.#isDense = connections === 'dense';
    this.#objective = objective;
    this.#decoder = this.child('decoder', conditional(decoder, likelihood));
    this.#priors = levels
      .slice(0, -1)
      .map(({ prior }, level) => this.child(`prior${level + 1}`, asLayer(prior!)));
    const top = levels.length - 1;
    this.#topPrior =
      typeof topPrior === 'function'
        ? topPrior((x) => this.posteriorFactors(x)(top, []))
        : (topPrior ?? standardNormal([this.sizes[top]!]));
    if (isModule(this.#topPrior)) this.child('topPrior', this.#topPrior);
  }

  /** The levels, counted from 0, in the order in which the posterior draws them. */
  protected abstract readonly posteriorOrder: readonly number[];

  /** The factors $q(z_l | x, z_{\text{drawn before}})$; what depends on x alone is computed once. */
  protected abstract posteriorFactors(x: Tensor): Factor;

  /**
   * The posterior of all levels side by side. It borrows what the networks compute: call this inside of `tf.tidy`.
   * @param x - `[n, ...event]`
   */
  encode(x: Tensor): Distribution {
    this.#checkBatch(x, 'encode');
    const [sizes, order] = [this.sizes, this.posteriorOrder];
    return new LevelChain({ sizes, order, batchShape: [x.shape[0]!], factor: this.posteriorFactors(x) });
  }

  /** The prior of all levels side by side; call this inside of `tf.tidy`. */
  prior(): Distribution {
    const factor = this.priorFactor;
    return new LevelChain({ sizes: this.sizes, order: this.#downwards, batchShape: [], factor });
  }

  /**
   * The likelihood p(x|z). It borrows the decoder's output: call this inside of `tf.tidy`.
   * @param z - all levels side by side, `[n, ...latentShape]`
   */
  decode(z: Tensor): Distribution {
    return this.#decodeLevels(splitLevels(z, this.sizes));
  }

  /**
   * One draw of the posterior, z_1 first: for each level the distribution that it came from, the prior at that draw, and the
   * draw, `[n, M_l]`. They borrow tensors: call this inside of `tf.tidy`.
   * @param x - `[n, ...event]`
   */
  infer(x: Tensor, key: Key): readonly LatentLevel[] {
    this.#checkBatch(x, 'infer');
    const factor = this.posteriorFactors(x);
    const [drawn, posteriors]: [Tensor[], Distribution[]] = [[], []];
    for (const level of this.posteriorOrder) {
      posteriors[level] = factor(level, drawn);
      drawn[level] = posteriors[level].sample(keyOfLevel(key, level));
    }
    return posteriors.map((posterior, level) => ({
      posterior,
      prior: this.priorFactor(level, drawn),
      z: drawn[level]!,
      isGiven: this.#above(level).every((other) => this.#isDrawnBefore(other, level)),
    }));
  }

  /** The bound with one draw of the levels, in nats, `[n]`. */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const { reconstruction, regularizers } = this.#terms(x, key);
      return regularizers.reduce((bound, regularizer) => tf.sub(bound, regularizer), reconstruction);
    });
  }

  /** Logarithms of K importance weights of each example, in nats, `[K, n]`; memory grows with K times n. */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    return tf.tidy(() => logImportanceWeights(this, x, key, numSamples));
  }

  /** Ancestral sampling, from the top level down to x; `[n, ...event]`. */
  sample(key: Key, n: number): Tensor {
    return tf.tidy(() => this.#descend([], { key, n }));
  }

  /**
   * `n` examples that share one draw of some levels: what is common to them is what these levels decide.
   * @param options - `shared`: how many levels, from the top, are drawn once
   * @returns `[n, ...event]`
   * @throws ArgumentError if there are not so many levels
   */
  sampleVariations(key: Key, n: number, { shared }: { readonly shared: number }): Tensor {
    return tf.tidy(() => {
      const order = this.#downwards.slice(0, this.#checkCount(shared, 'shared'));
      const once = drawLevels(this.priorFactor, { order, key: key.fold('shared'), lead: [1] });
      return this.#descend(
        once.map((z) => tf.tile(z, [n, 1])),
        { key, n },
      );
    });
  }

  /**
   * x through the levels and back.
   * @param options - `kept`: how many levels, from the top, come from the posterior, all unless given; those below come from
   * the prior, so that only what the upper levels know of x is kept
   * @returns `[n, ...event]`
   * @throws ArgumentError if there are not so many levels
   */
  reconstruct(x: Tensor, key: Key, { kept = this.sizes.length }: { readonly kept?: number } = {}): Tensor {
    return tf.tidy(() => {
      const lowest = this.sizes.length - this.#checkCount(kept, 'kept');
      const z = this.infer(x, key).map((level) => level.z);
      const upper = z.map((values, level) => (level < lowest ? undefined : values));
      return this.#descend(upper, { key: key.fold('prior'), n: x.shape[0]! });
    });
  }

  /** One objective: minus the bound in nats per example, with the regularizer of each level. */
  objectives(): readonly Objective[] {
    return [
      {
        name: 'elbo',
        parameters: [...trainable(this).values()],
        loss: (x, key, context) =>
          tf.tidy(() => hierarchicalLoss(this.#terms(x, key), this.#objective, context)),
      },
    ];
  }

  /** p(z_l | levels above). */
  protected readonly priorFactor = (level: number, drawn: Levels): Distribution => {
    if (level < this.sizes.length - 1) return normalOf(this.priorMoments(level, drawn));
    return isModule(this.#topPrior) ? this.#topPrior.given() : this.#topPrior;
  };

  /** The moments of $p(z_l | \text{levels above})$, Eq. 4.78, below the top. */
  protected priorMoments(level: number, drawn: Levels): Moments {
    const parameters = applyToRows(this.#priors[level]!, this.contextOf(level, drawn));
    return momentsOf(parameters, this.sizes[level]!, `levels[${level}].prior`);
  }

  /** What a level below the top depends on, `[..., M]`. */
  protected contextOf(level: number, drawn: Levels): Tensor {
    return this.#isDense ? joinLevels(drawn.slice(level + 1) as Tensor[]) : drawn[level + 1]!;
  }

  #terms(x: Tensor, key: Key): HierarchicalTerms {
    const levels = this.infer(x, key);
    return {
      reconstruction: this.#decodeLevels(levels.map(({ z }) => z)).logProb(x), // ln p(x|z)
      regularizers: levels.map(({ posterior, prior, z, isGiven }) =>
        isGiven && hasKlDivergence(posterior, prior)
          ? klDivergence(posterior, prior) // KL[q(z_l|.) || p(z_l|.)]
          : tf.sub(posterior.logProb(z), prior.logProb(z)),
      ),
    };
  }

  /** Draws the levels that are missing, and x. */
  #descend(drawn: Levels, { key, n }: { key: Key; n: number }): Tensor {
    const order = this.#downwards.filter((level) => drawn[level] === undefined);
    const z = drawLevels(this.priorFactor, { order, key, lead: [n], from: drawn });
    return this.#decodeLevels(z).sample(key.fold('x'));
  }

  #decodeLevels(z: readonly Tensor[]): Distribution {
    return this.#decoder.given(this.#isDense ? joinLevels(z) : z[0]);
  }

  get #downwards(): readonly number[] {
    return this.sizes.map((_, index) => this.sizes.length - 1 - index);
  }

  /** The levels that the prior of a level depends on. */
  #above(level: number): readonly number[] {
    const all = this.sizes.map((_, index) => index).slice(level + 1);
    return this.#isDense ? all : all.slice(0, 1);
  }

  #isDrawnBefore(level: number, other: number): boolean {
    return this.posteriorOrder.indexOf(level) < this.posteriorOrder.indexOf(other);
  }

  #checkCount(count: number, argument: string): number {
    const levels = this.sizes.length;
    if (Number.isInteger(count) && count >= 0 && count <= levels) return count;
    throw new ArgumentError({
      where: this.constructor.name,
      argument,
      expected: `to be a number of levels, 0 to ${levels}`,
      actual: String(count),
    });
  }

  #checkBatch(x: Tensor, method: string): void {
    if (x.rank > 0 && sameShape(x.shape.slice(1), this.eventShape)) return;
    throw new ShapeError({
      where: `${this.constructor.name}.${method}`,
      argument: 'x',
      expected: `of shape ${formatShape(['n', ...this.eventShape])}`,
      actual: formatShape(x.shape),
      remedy:
        x.rank === this.eventShape.length
          ? 'add a batch axis with tf.expandDims(x, 0)'
          : 'check the data set',
    });
  }
}

function isModule(prior: Distribution | ConditionalDistribution): prior is ConditionalDistribution {
  return 'given' in prior;
}

function checkLevels(levels: readonly GenerativeLevel[], where: string): void {
  const problem =
    levels.length === 0
      ? 'none'
      : levels.some(({ prior }, index) => (prior === undefined) !== (index === levels.length - 1))
        ? `prior networks at levels ${levels.flatMap(({ prior }, index) => (prior ? [index + 1] : [])).join(', ') || 'none'} of ${levels.length}`
        : undefined;
  if (problem === undefined) return;
  throw new ArgumentError({
    where,
    argument: 'levels',
    expected: 'to be at least one, each with a network `prior` but the last, the top one',
    actual: problem,
  });
}
