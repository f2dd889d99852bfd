import { asLayer, checkOptions, childCall } from '@dgm/core';
import type { CallOptions, ConditionalDistribution, Distribution, Layer, NetworkLike } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { BaseHierarchicalVae, HIERARCHY_OPTIONS } from './base-hierarchical-vae';
import type { HierarchicalVaeOptions } from './base-hierarchical-vae';
import type { Factor } from './level-chain';
import type { GenerativeLevel } from './level-priors';
import { applyToRows, momentsOf, normalOf } from './moments';

/** A level whose posterior sees the level below. */
export interface BottomUpLevel extends GenerativeLevel {
  /** Maps the level below, x for z_1, to the means and log-variances of q(z_l | z_{l-1}), `[n, 2 M_l]`. */
  readonly posterior: NetworkLike;
}

export interface BottomUpVaeOptions extends Omit<HierarchicalVaeOptions, 'levels' | 'topPrior'> {
  readonly levels: readonly BottomUpLevel[];
  /**
   * p(z_L)
   * @defaultValue the standard normal
   */
  readonly topPrior?: Distribution | ConditionalDistribution;
}

/** The class of {@link bottomUpVae}. */
export class BottomUpVae extends BaseHierarchicalVae {
  protected readonly posteriorOrder: readonly number[];
  readonly #posteriors: readonly Layer[];

  constructor({ levels, ...options }: BottomUpVaeOptions) {
    super({ ...options, levels });
    this.posteriorOrder = levels.map((_, index) => index);
    this.#posteriors = levels.map(({ posterior }, level) =>
      this.child(`posterior${level + 1}`, asLayer(posterior)),
    );
  }

  protected posteriorFactors(x: Tensor, call: CallOptions): Factor {
    const callOf = (level: number): CallOptions => childCall(call, `posterior${level + 1}`);
    const ofX = this.#posteriors[0]!.apply(x, callOf(0));
    return (level, drawn) => {
      const network = this.#posteriors[level]!;
      const parameters = level === 0 ? ofX : applyToRows(network, drawn[level - 1]!, callOf(level));
      return normalOf(momentsOf(parameters, this.sizes[level]!, `levels[${level}].posterior`));
    };
  }
}

/**
 * A hierarchical VAE with a bottom-up posterior and a top-down prior. For two levels,
 *
 * $$p(x, z_1, z_2) = p(x|z_1)\, p(z_1|z_2)\, p(z_2), \qquad q(z_1, z_2|x) = q(z_1|x)\, q(z_2|z_1)$$
 *
 * The regularizer of z_1 is $\ln q(z_1|x) - \ln p(z_1|z_2)$ at the draws. Eq. 4.82 has a divergence in its place.
 * Because z_2 is drawn from z_1, the closed form at the draw of z_2 would give a looser bound. The regularizer of the
 * top level is a divergence.
 *
 * Its upper levels tend to collapse (§4.5.2.1). Use `topDownVae`; this model serves for comparison.
 * @throws ArgumentError if a level other than the top one lacks its `prior`, or the top one has one
 * @see DGM §4.5.2.1, Eq. 4.75-4.82
 *
 * @example
 * ```ts
 * const model = bottomUpVae({
 *   levels: [
 *     {
 *       latent: 8, // z_1
 *       posterior: mlp([64, 64, 2 * 8], { key: key.fold('q1') }), // q(z_1 | x)
 *       prior: mlp([4, 32, 2 * 8], { key: key.fold('p1') }), // p(z_1 | z_2)
 *     },
 *     { latent: 4, posterior: mlp([8, 32, 2 * 4], { key: key.fold('q2') }) }, // q(z_2 | z_1)
 *   ],
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function bottomUpVae(options: BottomUpVaeOptions): BottomUpVae {
  checkOptions('bottomUpVae', options, HIERARCHY_OPTIONS);
  return record(new BottomUpVae(options), 'bottomUpVae', arguments);
}
