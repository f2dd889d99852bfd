import {
  ArgumentError,
  asLayer,
  BaseModule,
  checkInteger,
  checkOneOf,
  childCall,
  formatShape,
  isModule,
  sameShape,
  standardNormal,
} from '@dgm/core';
import type { CallOptions, ConditionalDistribution, Distribution, Layer, NetworkLike } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { joinLevels } from './level-chain';
import type { Factor, Levels } from './level-chain';
import { applyToRows, momentsOf, normalOf } from './moments';
import type { Moments } from './moments';

/** The generative part of one level. */
export interface GenerativeLevel {
  /** $M_l$, the number of latent variables. */
  readonly latent: number;
  /**
   * Maps the levels that it depends on, `[n, sum of their M]`, to the means and log-variances of p(z_l | above),
   * `[n, 2 M_l]`. Every level has one, except the top level, whose prior is `topPrior`.
   */
  readonly prior?: NetworkLike;
}

/** The conditions of each level and of x: see `HierarchicalVaeOptions`. */
export type Connections = 'adjacent' | 'dense';

export interface LevelPriorsOptions {
  readonly levels: readonly GenerativeLevel[];
  readonly connections: Connections;
  readonly topPrior?: Distribution | ConditionalDistribution | undefined;
  /** The name of the factory, for errors. */
  readonly where: string;
}

/** The generative part of a hierarchy above x, $p(z_1|z_2) \cdots p(z_L)$. */
export class LevelPriors extends BaseModule {
  /** $M_l$, z_1 first. */
  readonly sizes: readonly number[];
  /** The levels, counted from 0, from the top. */
  readonly downwards: readonly number[];
  readonly #networks: readonly Layer[];
  readonly #top: Distribution | ConditionalDistribution;
  readonly #isDense: boolean;

  constructor({ levels, connections, topPrior, where }: LevelPriorsOptions) {
    super();
    checkLevels(levels, where);
    checkOneOf(where, 'connections', connections, ['adjacent', 'dense']);
    this.sizes = levels.map(({ latent }) => latent);
    this.downwards = this.sizes.map((_, index) => levels.length - 1 - index);
    this.#isDense = connections === 'dense';
    this.#networks = levels
      .slice(0, -1)
      .map(({ prior }, level) => this.child(String(level + 1), asLayer(prior!)));
    this.#top = topPrior ?? standardNormal([this.sizes.at(-1)!]);
    checkTop(this.#top, this.sizes.at(-1)!, where);
    if (isModule(this.#top)) this.child('top', this.#top);
  }

  /** The factors p(z_l | levels above). */
  given(call: CallOptions): Factor {
    return (level, drawn) => {
      if (!this.isTop(level)) return normalOf(this.moments(level, drawn, call));
      return isModule(this.#top) ? this.#top.given(undefined, childCall(call, 'top')) : this.#top;
    };
  }

  /** The moments of p(z_l | levels above), Eq. 4.78, below the top. */
  moments(level: number, drawn: Levels, call: CallOptions): Moments {
    const context = childCall(call, level + 1);
    const parameters = applyToRows(this.#networks[level]!, this.contextOf(level, drawn), context);
    return momentsOf(parameters, this.sizes[level]!, `levels[${level}].prior`);
  }

  /** The condition of a level below the top, `[..., M]`. */
  contextOf(level: number, drawn: Levels): Tensor {
    return this.#isDense ? joinLevels(drawn.slice(level + 1) as Tensor[]) : drawn[level + 1]!;
  }

  /** The condition of x, `[n, M]`. */
  contextOfX(levels: readonly Tensor[]): Tensor {
    return this.#isDense ? joinLevels(levels) : levels[0]!;
  }

  /** The levels that the prior of a level depends on. */
  parentsOf(level: number): readonly number[] {
    const above = this.sizes.map((_, index) => index).slice(level + 1);
    return this.#isDense ? above : above.slice(0, 1);
  }

  isTop(level: number): boolean {
    return level === this.sizes.length - 1;
  }
}

function checkLevels(levels: readonly GenerativeLevel[], where: string): void {
  levels.forEach(({ latent }, level) => checkInteger(where, `levels[${level}].latent`, latent));
  const own = levels.flatMap(({ prior }, index) => (prior === undefined ? [] : [index + 1]));
  if (levels.length > 0 && own.length === levels.length - 1 && levels.at(-1)!.prior === undefined) return;
  throw new ArgumentError({
    where,
    argument: 'levels',
    expected: 'to be at least one, each with a network `prior` but the last, the top one',
    actual:
      levels.length === 0
        ? 'none'
        : `prior networks at levels ${own.join(', ') || 'none'} of ${levels.length}`,
  });
}

/** A prior that is a distribution says its shape; one that is conditional, only once it is given its condition. */
function checkTop(top: Distribution | ConditionalDistribution, size: number, where: string): void {
  if (isModule(top) || sameShape(top.eventShape, [size])) return;
  throw new ArgumentError({
    where,
    argument: 'topPrior',
    expected: `to be of shape [${size}], the latent variables of the last level`,
    actual: formatShape(top.eventShape),
  });
}
