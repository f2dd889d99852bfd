import {
  asLayer,
  broadcastShapes,
  broadcastTo,
  checkOneOf,
  checkOptions,
  childCall,
  clipToRange,
} from '@dgm/core';
import type { CallOptions, Layer, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { BaseHierarchicalVae, HIERARCHY_OPTIONS } from './base-hierarchical-vae';
import type { HierarchicalVaeOptions } from './base-hierarchical-vae';
import type { Factor, Levels } from './level-chain';
import type { GenerativeLevel } from './level-priors';
import { applyToRows, momentsOf, normalOf, precisionWeighted, residual } from './moments';
import type { Moments } from './moments';

/** A level whose posterior sees x through the levels below, and z of the levels above. */
export interface TopDownLevel extends GenerativeLevel {
  /** $f_l$, one step of the deterministic path upwards: $r_l = f_l(r_{l-1})$, where r_0 is x. */
  readonly bottomUp: NetworkLike;
  /** Maps r_l to the evidence of x about z_l, a mean and a log-variance for each variable: `[n, 2 M_l]`. */
  readonly evidence: NetworkLike;
}

const COMBINATIONS = ['residual', 'precision-weighted', 'direct'] as const;

/** How a posterior combines the evidence of x with the levels above: see {@link topDownVae}. */
export type Combination = (typeof COMBINATIONS)[number];

export interface TopDownVaeOptions extends Omit<HierarchicalVaeOptions, 'levels'> {
  readonly levels: readonly TopDownLevel[];
  /** @defaultValue 'residual' */
  readonly combination?: Combination;
}

/** The range of the logarithm of $\Delta\sigma^2$ in Listing 4.12. */
const LOG_VARIANCE = { min: -7, max: 2 };

/** The class of {@link topDownVae}. */
export class TopDownVae extends BaseHierarchicalVae {
  protected readonly posteriorOrder: readonly number[];
  readonly #bottomUp: readonly Layer[];
  readonly #evidence: readonly Layer[];
  readonly #combination: Combination;

  constructor({ levels, combination = 'residual', ...options }: TopDownVaeOptions) {
    super({ ...options, levels });
    this.posteriorOrder = this.priors.downwards;
    this.#combination = combination;
    this.#bottomUp = levels.map(({ bottomUp }, level) =>
      this.child(`bottomUp${level + 1}`, asLayer(bottomUp)),
    );
    this.#evidence = levels.map(({ evidence }, level) =>
      this.child(`evidence${level + 1}`, asLayer(evidence)),
    );
  }

  protected posteriorFactors(x: Tensor, call: CallOptions): Factor {
    const path: Tensor[] = []; // r_1, ..., r_L
    for (const [level, network] of this.#bottomUp.entries()) {
      path.push(network.apply(path.at(-1) ?? x, childCall(call, `bottomUp${level + 1}`)));
    }
    return this.#combination === 'direct'
      ? (level, drawn) => normalOf(this.#seeingBoth(level, path[level]!, drawn, call))
      : this.#combining(path, call);
  }

  /** The evidence of x is computed once; at the top it is used alone. */
  #combining(path: readonly Tensor[], call: CallOptions): Factor {
    const isResidual = this.#combination === 'residual';
    const combine = isResidual ? residual : precisionWeighted;
    const evidence = path.map((r, level) => {
      const parameters = this.#evidence[level]!.apply(r, this.#callOfEvidence(level, call));
      const { mean, logVariance } = this.#momentsOf(level, parameters);
      return { mean, logVariance: isResidual ? clipToRange(logVariance, LOG_VARIANCE) : logVariance };
    });
    return (level, drawn) => {
      const own = evidence[level]!;
      return normalOf(this.priors.isTop(level) ? own : combine(own, this.priors.moments(level, drawn, call)));
    };
  }

  #seeingBoth(level: number, r: Tensor, drawn: Levels, call: CallOptions): Moments {
    const input = this.priors.isTop(level) ? r : besides(r, this.priors.contextOf(level, drawn));
    const parameters = applyToRows(this.#evidence[level]!, input, this.#callOfEvidence(level, call));
    return this.#momentsOf(level, parameters);
  }

  #momentsOf(level: number, parameters: Tensor): Moments {
    return momentsOf(parameters, this.sizes[level]!, `levels[${level}].evidence`);
  }

  #callOfEvidence(level: number, call: CallOptions): CallOptions {
    return childCall(call, `evidence${level + 1}`);
  }
}

/**
 * A hierarchical VAE with a top-down prior and a top-down posterior:
 *
 * $$p(x, z) = p(x|z_1)\, p(z_1|z_2) \cdots p(z_L), \qquad q(z|x) = q(z_L|x)\, q(z_{L-1}|z_L, x) \cdots q(z_1|z_2, x)$$
 *
 * A deterministic path $r_l = f_l(r_{l-1})$ carries x upwards and gives evidence about z_l at each level: a mean and
 * a log-variance. `combination` says how the posterior uses them:
 *
 * - `residual`: relative to the prior, $\mathcal{N}(\mu_l + \Delta\mu_l, \sigma_l^2 \cdot \Delta\sigma_l^2)$ with
 *   $-7 \le \ln \Delta\sigma_l^2 \le 2$, as in the book and in NVAE;
 * - `precision-weighted`: the product of both as densities of z_l, as in the ladder VAE ({@link ladderVae});
 * - `direct`: `evidence` maps r_l, concatenated with the levels above, `[n, R + M]`, to the posterior.
 *
 * At the top the posterior is the evidence alone. With one level this is the VAE of §4.3.
 * @throws ArgumentError for an unknown option, a combination that does not exist, a size that is not a positive integer, a level
 * other than the top one without its `prior`, a top one with one, or a top prior of another shape
 * @see DGM §4.5.2.2, Eq. 4.84, 4.85, Listing 4.12. NVAE (Vahdat and Kautz, 2020), §3.2
 *
 * @example
 * ```ts
 * const model = topDownVae({
 *   levels: [
 *     {
 *       latent: 8, // z_1
 *       bottomUp: mlp([64, 64], { key: key.fold('up1') }), // x to r_1
 *       evidence: mlp([64, 2 * 8], { key: key.fold('evidence1') }), // relative to the prior
 *       prior: mlp([4, 32, 2 * 8], { key: key.fold('p1') }), // p(z_1 | z_2)
 *     },
 *     {
 *       latent: 4, // z_2
 *       bottomUp: mlp([64, 32], { key: key.fold('up2') }), // r_1 to r_2
 *       evidence: mlp([32, 2 * 4], { key: key.fold('evidence2') }), // q(z_2 | x)
 *     },
 *   ],
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function topDownVae(options: TopDownVaeOptions): TopDownVae {
  checkOptions('topDownVae', options, [...HIERARCHY_OPTIONS, 'combination']);
  checkOneOf('topDownVae', 'combination', options.combination ?? 'residual', COMBINATIONS);
  return record(new TopDownVae(options), 'topDownVae', arguments);
}

/**
 * The ladder VAE: {@link topDownVae} with a posterior that weights the evidence of x and the level above by their
 * precisions. For a linear model with the true noise levels it is exact.
 * @see Ladder Variational Autoencoders (Sønderby et al., 2016), Eq. 12, 13
 *
 * @example
 * ```ts
 * const model = ladderVae({
 *   levels: [
 *     {
 *       latent: 8, // z_1
 *       bottomUp: mlp([64, 64], { key: key.fold('up1') }), // x to r_1
 *       evidence: mlp([64, 2 * 8], { key: key.fold('evidence1') }),
 *       prior: mlp([4, 32, 2 * 8], { key: key.fold('p1') }), // p(z_1 | z_2)
 *     },
 *     {
 *       latent: 4, // z_2
 *       bottomUp: mlp([64, 32], { key: key.fold('up2') }), // r_1 to r_2
 *       evidence: mlp([32, 2 * 4], { key: key.fold('evidence2') }),
 *     },
 *   ],
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function ladderVae(options: Omit<TopDownVaeOptions, 'combination'>): TopDownVae {
  checkOptions('ladderVae', options, HIERARCHY_OPTIONS);
  const model = new TopDownVae({ ...options, combination: 'precision-weighted' });
  return record(model, 'ladderVae', arguments);
}

/** r_l, `[n, R]`, and the levels above, `[..., n or 1, M]`, side by side. */
function besides(r: Tensor, context: Tensor): Tensor {
  const lead = broadcastShapes(r.shape.slice(0, -1), context.shape.slice(0, -1));
  const wide = [r, context].map((part) => broadcastTo(part, [...lead, part.shape.at(-1)!]));
  return tf.concat(wide, -1);
}
