import { checkInteger, checkOptions, logSoftmax, oneHot, sumLastAxes } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { build } from '../record';
import { categoricalUnits } from '../rbm/units';
import { checkEliminates, logSumByElimination, type LogPotentials } from './elimination';
import { BasePairwiseModel, PAIRWISE_OPTIONS, type PairwiseOptions } from './pairwise-model';

export interface PottsModelOptions extends PairwiseOptions {
  /** How many values a unit has: the integers from 0 to `levels` - 1. */
  readonly levels: number;
}

/**
 * A Potts model: units with q values each, which are rewarded where neighbours agree,
 *
 * $$E(x) = -\sum_{i<j} J_{ij} [x_i = x_j] - \sum_i b_i(x_i)$$
 *
 * over the given pairs. With two values and the couplings 2 J it is an Ising model of the couplings J. It learns by
 * pseudo-likelihood, which is consistent. $\ln Z$ is exact, by transfer matrices, on small or narrow grids and other graphs with few
 * units open at a time (8 by 8 of three values); `evaluate` takes annealed importance sampling, with an interval, elsewhere.
 *
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @throws {@link ShapeError} for examples of another shape.
 * @throws {@link UnsupportedError} for `maximumLikelihood()` on a graph without an exact sum.
 * @see Some generalized order-disorder transformations (Potts, 1952); DGM §6.5 for energies of pairs, Eq. 6.32
 *
 * @example
 * ```ts
 * const potts = pottsModel({ shape: [8, 8], levels: 3, edges: gridEdges([8, 8]), key });
 * const x = potts.sample(key, 16); // [16, 8, 8] of the integers 0, 1 and 2
 * ```
 */
export function pottsModel(options: PottsModelOptions): PottsModel {
  return build(() => new PottsModel(options), 'pottsModel', arguments);
}

/** Made by {@link pottsModel}. */
export class PottsModel extends BasePairwiseModel {
  constructor(options: PottsModelOptions) {
    const where = 'pottsModel';
    checkOptions(where, options, [...PAIRWISE_OPTIONS, 'levels']);
    const { levels } = options;
    super(where, options, (shape) => {
      checkInteger(where, 'levels', levels, { min: 2 });
      const units = categoricalUnits({ shape, levels });
      return { units, levels, biasShape: (size) => [size, levels], data: 'integers' };
    });
  }

  /**
   * The log-odds of each value of each unit given all other units, $b_i(k) + \sum_j J_{ij} [x_j = k]$, up to a constant of the unit,
   * `[n, size, levels]`.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  logits(x: Tensor): Tensor {
    return tf.tidy(() => this.#logits(this.#code(this.rows(x, 'logits'))));
  }

  /**
   * $\ln p(x_i \mid x_{-i})$ of each unit, nats, `[n, size]`: what pseudo-likelihood adds up.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  conditionals(x: Tensor): Tensor {
    return tf.tidy(() => {
      const code = this.#code(this.rows(x, 'conditionals'));
      return tf.sum(tf.mul(code, logSoftmax(this.#logits(code))), 2);
    });
  }

  /**
   * $\ln Z$ by sums over one unit after the other (transfer matrices), a differentiable scalar in nats.
   * @throws {@link UnsupportedError} where that takes more than 2^23 sums.
   */
  logPartition(): Scalar {
    const { elimination } = this.couplings;
    checkEliminates('PottsModel.logPartition', elimination);
    return tf.tidy(() => {
      const agreement = tf.eye(this.levels);
      return logSumByElimination(elimination, this.levels, {
        unit: (unit) => tf.slice(this.bias, [unit, 0], [1, this.levels]),
        pair: (edge) => tf.mul(agreement, this.couplings.weight(this.weights, edge)),
      });
    });
  }

  /** $-E$ as a sum over units and edges, for algorithms on the host such as {@link perturbAndMap}. */
  async logPotentials(): Promise<LogPotentials> {
    const { levels } = this;
    const { edges } = this.couplings;
    const [weights, units] = await Promise.all([this.weights.data(), this.bias.data()]);
    const pairs = new Float64Array(edges.length * levels ** 2);
    edges.forEach((edge, index) => {
      for (let value = 0; value < levels; value++) {
        pairs[(index * levels + value) * levels + value] = weights[this.couplings.place(edge)]!;
      }
    });
    return { levels, units: Float64Array.from(units), edges, pairs };
  }

  /** $[x_i = k]$, `[n, size, levels]`. */
  #code(x: Tensor): Tensor {
    return oneHot(x, { depth: this.levels });
  }

  /** $b_i(k) + \sum_j J_{ij} [x_j = k]$. */
  #logits(code: Tensor): Tensor {
    const [n, size, levels] = [code.shape[0]!, this.size, this.levels];
    const byValue = tf.reshape(tf.transpose(code, [0, 2, 1]), [n * levels, size]);
    const received = tf.matMul(byValue, this.matrix());
    return tf.add(tf.transpose(tf.reshape(received, [n, levels, size]), [0, 2, 1]), this.bias);
  }

  protected energyOf(x: Tensor): Tensor {
    const code = this.#code(x);
    return tf.mul(-0.5, sumLastAxes(tf.mul(code, tf.add(this.#logits(code), this.bias)), 2));
  }

  protected sweep(x: Tensor, key: Key, annealed = (logits: Tensor): Tensor => logits): Tensor {
    return tf.tidy(() => {
      let state = x;
      this.couplings.classes.forEach((members, index) => {
        const drawn = key.fold(index).categorical(annealed(this.#logits(this.#code(state))));
        const change = tf.sub(tf.cast(drawn, 'float32'), state);
        state = tf.add(state, tf.mul(tf.tensor1d(members), change));
      });
      return state;
    });
  }

  protected logBase(x: Tensor): Tensor {
    return sumLastAxes(tf.mul(this.#code(x), this.baseBias), 2);
  }

  protected drawBase(key: Key, n: number): Tensor {
    return tf.tidy(() => {
      const logits = tf.tile(tf.expandDims(this.baseBias, 0), [n, 1, 1]);
      return tf.cast(key.categorical(logits), 'float32');
    });
  }
}
