import {
  checkInteger,
  checkKey,
  checkOptions,
  checkThat,
  Key,
  ShapeError,
  sizeOf,
  softplus,
  sumLastAxes,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { type EnergyObjective } from '../objectives/energy-objective';
import { isFewBits, logSumOverBits } from '../partition/enumerate';
import { build, record } from '../record';
import { bernoulliUnits, dot, drawBits } from '../rbm/units';
import { betheApproximation, meanFieldBound, treeBound } from './bounds';
import { checkEliminates, logSumByElimination, type LogPotentials } from './elimination';
import { BasePairwiseModel, PAIRWISE_OPTIONS, type PairwiseOptions } from './pairwise-model';

export interface BoltzmannMachineOptions extends PairwiseOptions {
  /** `pseudoLikelihood()`, `minimumProbabilityFlow()` or, where `logPartition` is exact, `maximumLikelihood()`. @defaultValue `pseudoLikelihood()` */
  readonly objective?: EnergyObjective;
}

/**
 * A Boltzmann machine without hidden units: bits x with the energy
 *
 * $$E(x) = -\sum_{i<j} W_{ij} x_i x_j - b^\top x$$
 *
 * over the given pairs. With the pairs of a grid it is an Ising model: spins $s = 2x - 1$ with the couplings J and fields H have
 * $W = 4 J$ and $b_i = 2 H_i - 2 \sum_j J_{ij}$. It learns by pseudo-likelihood, which is consistent. `evaluate` gets $\ln Z$
 * exactly for at most 20 bits and, by transfer matrices, for grids of up to about 12 by 12, and by annealed importance sampling, with an
 * interval, elsewhere.
 *
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @throws {@link ShapeError} for examples of another shape.
 * @see DGM §6.5, Eq. 6.32; A Learning Algorithm for Boltzmann Machines (Ackley, Hinton and Sejnowski, 1985)
 *
 * @example
 * ```ts
 * const ising = boltzmannMachine({ shape: [64], edges: gridEdges([8, 8]), key, examples });
 * ```
 */
export function boltzmannMachine(options: BoltzmannMachineOptions): BoltzmannMachine {
  return build(() => new BoltzmannMachine(options), 'boltzmannMachine', arguments);
}

/** Made by {@link boltzmannMachine}. */
export class BoltzmannMachine extends BasePairwiseModel {
  constructor(options: BoltzmannMachineOptions) {
    const where = 'boltzmannMachine';
    checkOptions(where, options, PAIRWISE_OPTIONS);
    super(where, options, (shape) => ({
      units: bernoulliUnits({ shape }),
      levels: 2,
      biasShape: (size) => [size],
      data: 'bits',
      isFew: isFewBits(sizeOf(shape)),
    }));
  }

  /**
   * The log-odds of each unit given all others, $b + W x$ with the symmetric W, `[n, size]`.
   * @param x - 0 or 1, `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  logits(x: Tensor): Tensor {
    return tf.tidy(() => this.#fields(this.rows(x, 'logits')));
  }

  /**
   * $\ln p(x_i \mid x_{-i})$ of each unit, nats, `[n, size]`: what pseudo-likelihood adds up.
   * @param x - 0 or 1, `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  conditionals(x: Tensor): Tensor {
    return tf.tidy(() => {
      const rows = this.rows(x, 'conditionals');
      // ln sigma(f) for 1, ln sigma(-f) for 0.
      return tf.neg(softplus(tf.mul(tf.sub(1, tf.mul(2, rows)), this.#fields(rows))));
    });
  }

  /**
   * $\ln Z$, a differentiable scalar in nats: by a sum over all states of at most 20 units, and by sums over one unit after the other
   * (transfer matrices) where edges leave few units open at a time, as on a grid of 12 by 12 or of 8 columns and hundreds of rows.
   * @throws {@link UnsupportedError} elsewhere.
   */
  logPartition(): Scalar {
    const where = 'BoltzmannMachine.logPartition';
    if (isFewBits(this.size)) {
      return logSumOverBits(where, this.size, (states) => tf.neg(this.energyOf(states))) as Scalar;
    }
    const { elimination } = this.couplings;
    checkEliminates(where, elimination);
    return logSumByElimination(elimination, 2, {
      unit: (unit) => tf.pad(tf.slice(this.bias, [unit], [1]), [[1, 0]]),
      pair: (edge) =>
        tf.pad(this.couplings.weight(this.weights, edge), [
          [1, 0],
          [1, 0],
        ]),
    });
  }

  /** $-E$ as a sum over units and edges, for algorithms on the host such as {@link perturbAndMap}. */
  async logPotentials(): Promise<LogPotentials> {
    const { edges } = this.couplings;
    const [weights, bias] = await Promise.all([this.weights.data(), this.bias.data()]);
    const [units, pairs] = [new Float64Array(2 * bias.length), new Float64Array(4 * edges.length)];
    bias.forEach((value, unit) => (units[2 * unit + 1] = value));
    edges.forEach((edge, index) => (pairs[4 * index + 3] = weights[this.couplings.place(edge)]!));
    return { levels: 2, units, edges, pairs };
  }

  /**
   * Bounds on $\ln Z$ that need no sampling, for machines of any size: below by mean field, above by convexity over random spanning
   * trees of the edges (tree-reweighted), and between them mostly the Bethe approximation, by belief propagation. The latter two are
   * exact for edges without a cycle, and `bethe` is below $\ln Z$ where no weight is negative; the bounds are loose where weights are
   * large.
   * @param options - `trees`: how many spanning trees, or more where it takes more to use every edge (`@defaultValue 50`); `steps`: of
   *   gradient descent, which tightens the upper bound (`@defaultValue 100`)
   * @returns nats
   * @throws {@link ArgumentError} for an option that is unknown or out of its range.
   * @see An Introduction to Variational Methods for Graphical Models (Jordan et al., 1999), §6; A New Class of Upper Bounds on the
   * Log Partition Function (Wainwright, Jaakkola and Willsky, 2005), Eq. 13, for fixed trees; Constructing Free-Energy Approximations and Generalized Belief Propagation Algorithms (Yedidia,
   * Freeman and Weiss, 2005); The Bethe Partition Function of Log-supermodular Graphical Models (Ruozzi, 2012)
   */
  async logPartitionBounds(options: {
    readonly key: Key;
    readonly trees?: number;
    readonly steps?: number;
  }): Promise<{ readonly lower: number; readonly bethe: number; readonly upper: number }> {
    const where = 'BoltzmannMachine.logPartitionBounds';
    checkOptions(where, options, ['key', 'trees', 'steps']);
    const { key, trees = 50, steps = 100 } = options;
    checkKey(where, key);
    checkInteger(where, 'trees', trees);
    checkInteger(where, 'steps', steps, { min: 0 });
    const [matrix, bias] = await Promise.all([this.weights.data(), this.bias.data()]);
    const { edges } = this.couplings;
    const weights = edges.map((edge) => matrix[this.couplings.place(edge)]!);
    const energy = { bias, edges, weights };
    return {
      lower: meanFieldBound(energy),
      bethe: betheApproximation(energy),
      upper: treeBound(energy, { trees, random: key.generator(), steps }),
    };
  }

  /**
   * Memories by descent of the energy (a Hopfield network): sweeps in which each unit takes its more probable value given the
   * others, `[n, ...shape]`.
   * @param x - 0 or 1, `[n, ...shape]`
   * @param options - `steps`: how many sweeps (`@defaultValue 10`)
   * @throws {@link ShapeError} if `x` has another shape.
   */
  recall(x: Tensor, options: { readonly steps?: number } = {}): Tensor {
    checkOptions('BoltzmannMachine.recall', options, ['steps']);
    const { steps = 10 } = options;
    checkInteger('BoltzmannMachine.recall', 'steps', steps, { min: 0 });
    return tf.tidy(() => {
      let state = this.rows(x, 'recall');
      for (let step = 0; step < steps; step++) {
        state = this.#update(state, (fields) => tf.cast(tf.greater(fields, 0), 'float32'));
      }
      return tf.reshape(state, x.shape);
    });
  }

  #fields(x: Tensor): Tensor {
    return tf.add(tf.matMul(x, this.matrix()), this.bias);
  }

  protected energyOf(x: Tensor): Tensor {
    const pairs = sumLastAxes(tf.mul(x, tf.matMul(x, this.matrix())), 1);
    return tf.neg(tf.add(tf.mul(0.5, pairs), dot(x, this.bias)));
  }

  protected sweep(x: Tensor, key: Key, annealed = (fields: Tensor): Tensor => fields): Tensor {
    return this.#update(x, (fields, index) => drawBits(annealed(fields), key.fold(index)));
  }

  /** Gives the units of each class new values, one class after the other. */
  #update(x: Tensor, value: (fields: Tensor, index: number) => Tensor): Tensor {
    return tf.tidy(() => {
      const couplings = this.matrix();
      let state = tf.clone(x);
      this.couplings.classes.forEach((members, index) => {
        const isMember = tf.tensor1d(members);
        const fields = tf.add(tf.matMul(state, couplings), this.bias);
        const change = tf.sub(value(fields, index), state);
        state = tf.add(state, tf.mul(isMember, change));
      });
      return state;
    });
  }

  protected logBase(x: Tensor): Tensor {
    return dot(x, this.baseBias);
  }

  protected drawBase(key: Key, n: number): Tensor {
    return tf.tidy(() => drawBits(tf.tile(tf.expandDims(this.baseBias, 0), [n, 1]), key));
  }
}

export interface HopfieldOptions {
  /** The patterns to be stored, 0 or 1, `[patterns, ...shape]`. Borrowed. */
  readonly patterns: Tensor;
}

/**
 * A Boltzmann machine with the weights of a Hopfield network, $J_{ij} = \frac1D \sum_p s_{pi} s_{pj}$ over the spins
 * $s = 2x - 1$ of the patterns, whose minima of the energy are near them while there are fewer than about 0.14 D: see `recall`.
 *
 * @throws {@link ShapeError} for patterns without an axis of their own.
 * @see Neural networks and physical systems with emergent collective computational abilities (Hopfield, 1982)
 *
 * @example
 * ```ts
 * const patterns = key.bernoulli([3, 40], 0.5); // [patterns, units] of bits
 * const model = hopfieldNetwork({ patterns });
 * const recalled = model.recall(patterns);
 * ```
 */
export function hopfieldNetwork(options: HopfieldOptions): BoltzmannMachine {
  const where = 'hopfieldNetwork';
  checkOptions(where, options, ['patterns']);
  const { patterns } = options;
  checkPatterns(where, patterns);
  const [count, ...shape] = patterns.shape as [number, ...number[]];
  checkInteger(where, 'the number of patterns', count);
  const machine = boltzmannMachine({ shape, key: Key.of(0) });
  tf.tidy(() => {
    const size = sizeOf(shape);
    const spins = tf.sub(tf.mul(2, tf.reshape(patterns, [count, size])), 1);
    const couplings = tf.div(tf.matMul(spins, spins, true), size);
    const own = tf.sub(tf.sum(couplings, 1), count / size);
    const parameters = machine.parameters();
    parameters.get('weights')!.assign(tf.mul(4, couplings));
    parameters.get('bias')!.assign(tf.mul(-2, own));
  });
  return record(machine, 'hopfieldNetwork', arguments);
}

function checkPatterns(where: string, patterns: Tensor): void {
  checkThat(where, 'patterns', patterns instanceof tf.Tensor && patterns.rank >= 1, {
    error: ShapeError,
    expected: 'to be a tensor of shape [patterns, ...shape]',
    actual: patterns instanceof tf.Tensor ? 'a scalar' : typeof patterns,
  });
}
