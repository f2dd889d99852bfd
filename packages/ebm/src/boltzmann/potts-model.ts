import {
  BaseModule,
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  checkShape,
  checkSizes,
  disposeOnThrow,
  logSoftmax,
  oneHot,
  runSamplingLoop,
  singleObjective,
  sizeOf,
  sumLastAxes,
} from '@dgm/core';
import type {
  EnergyModel,
  Key,
  LoopSampledModel,
  Objective,
  PartitionEstimate,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkTrainingExamples } from '../check';
import { pseudoLikelihood } from '../objectives/bit-flips';
import { checkObjective, type EnergyObjective } from '../objectives/energy-objective';
import type { AnnealedPath } from '../partition/annealed-importance-sampling';
import { partitionOf } from '../partition/enumerate';
import { record } from '../record';
import { categoricalUnits, type VisibleUnits } from '../rbm/units';
import { Couplings } from './couplings';
import {
  checkEliminates,
  largestByElimination,
  logSumByElimination,
  type LogPotentials,
} from './elimination';
import type { Edge } from './graph';

export interface PottsModelOptions {
  /** The shape of one example of integers. */
  readonly shape: Shape;
  /** How many values a unit has: the integers from 0 to `levels` - 1. */
  readonly levels: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /**
   * The pairs of units that interact, by their places in an example, row-major: `gridEdges([8, 8])` for a grid.
   * @defaultValue every pair
   */
  readonly edges?: readonly Edge[];
  /**
   * Examples, `[n, ...shape]`, whose frequencies the biases start from. The model of these frequencies is also where annealed
   * importance sampling starts. Borrowed.
   * @defaultValue biases of 0
   */
  readonly examples?: Tensor;
  /** `pseudoLikelihood()` or, where {@link PottsModel.logPartition} is exact, `maximumLikelihood()`. @defaultValue `pseudoLikelihood()` */
  readonly objective?: EnergyObjective;
  /** $\lambda$ of the penalty $\frac{\lambda}{2} \sum_{i<j} J_{ij}^2$. @defaultValue 0 */
  readonly weightDecay?: number;
  /** Gibbs sweeps of `sample`. @defaultValue 500 */
  readonly sampleSteps?: number;
}

const OPTIONS: readonly (keyof PottsModelOptions)[] = [
  'shape',
  'levels',
  'key',
  'edges',
  'examples',
  'objective',
  'weightDecay',
  'sampleSteps',
];

/** The standard deviation of initial weights. */
const INITIAL_SCALE = 0.01;

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
  return record(
    disposeOnThrow(() => new PottsModel(options)),
    'pottsModel',
    arguments,
  );
}

/** Made by {@link pottsModel}. */
export class PottsModel extends BaseModule implements EnergyModel, LoopSampledModel {
  readonly likelihoodKind = 'unnormalized';
  readonly levels: number;
  readonly eventShape: Shape;
  readonly #size: number;
  /** The law of the units without couplings. */
  readonly #units: VisibleUnits;
  readonly #objective: EnergyObjective;
  readonly #weightDecay: number;
  readonly #sampleSteps: number;
  readonly #couplings: Couplings;
  /** `[size, size]`, of which the entries above the diagonal at the edges count. */
  readonly #weights: Variable;
  /** `[size, levels]`. */
  readonly #bias: Variable;
  /** Of the model without couplings that annealed importance sampling starts from. */
  readonly #baseBias: Variable;

  constructor(options: PottsModelOptions) {
    super();
    const where = 'pottsModel';
    checkOptions(where, options, OPTIONS);
    const { shape, levels, key, edges, examples, objective = pseudoLikelihood() } = options;
    const { weightDecay = 0, sampleSteps = 500 } = options;
    checkSizes(where, 'shape', shape);
    checkInteger(where, 'levels', levels, { min: 2 });
    checkKey(where, key);
    checkObjective(where, objective, { data: 'integers', example: 'pseudoLikelihood()' });
    checkNumber(where, 'weightDecay', weightDecay, { min: 0 });
    checkInteger(where, 'sampleSteps', sampleSteps);
    if (examples !== undefined) checkTrainingExamples(where, examples, shape);
    const size = sizeOf(shape);
    this.eventShape = shape;
    this.levels = levels;
    this.#size = size;
    this.#units = categoricalUnits({ shape, levels });
    this.#couplings = new Couplings(where, edges, { size, levels });
    if (objective.sumsStates) {
      checkEliminates(where, this.#couplings.elimination, 'learn by pseudo-likelihood');
    }
    this.#objective = objective;
    this.#weightDecay = weightDecay;
    this.#sampleSteps = sampleSteps;
    const bias = tf.tidy(() =>
      examples === undefined
        ? tf.zeros([size, levels])
        : tf.reshape(this.#units.fieldsOf(this.#units.encode(examples)), [size, levels]),
    );
    const weights = tf.tidy(() => tf.mul(INITIAL_SCALE, key.fold('weights').normal([size, size])));
    this.#weights = this.parameter('weights', weights);
    this.#bias = this.parameter('bias', tf.clone(bias));
    this.#baseBias = this.parameter('baseBias', bias, { trainable: false });
  }

  /**
   * E(x), nats, `[n]`.
   * @param x - integers from 0 to `levels` - 1, `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  energy(x: Tensor): Tensor {
    return tf.tidy(() => this.#energy(this.#rows(x, 'energy')));
  }

  /**
   * The log-odds of each value of each unit given all other units, $b_i(k) + \sum_j J_{ij} [x_j = k]$, up to a constant of the unit,
   * `[n, size, levels]`.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  logits(x: Tensor): Tensor {
    return tf.tidy(() => this.#logits(this.#code(this.#rows(x, 'logits'))));
  }

  /**
   * $\ln p(x_i \mid x_{-i})$ of each unit, nats, `[n, size]`: what pseudo-likelihood adds up.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  conditionals(x: Tensor): Tensor {
    return tf.tidy(() => {
      const code = this.#code(this.#rows(x, 'conditionals'));
      return tf.sum(tf.mul(code, logSoftmax(this.#logits(code))), 2);
    });
  }

  /**
   * $\ln Z$ by sums over one unit after the other (transfer matrices), a differentiable scalar in nats.
   * @throws {@link UnsupportedError} where that takes more than 2^23 sums.
   */
  logPartition(): Scalar {
    const { elimination } = this.#couplings;
    checkEliminates('PottsModel.logPartition', elimination);
    return tf.tidy(() => {
      const agreement = tf.eye(this.levels);
      return logSumByElimination(elimination, this.levels, {
        unit: (unit) => tf.slice(this.#bias, [unit, 0], [1, this.levels]),
        pair: (edge) => tf.mul(agreement, this.#couplings.weight(this.#weights, edge)),
      });
    });
  }

  /** $\ln Z$: exact where {@link PottsModel.logPartition} is, otherwise by annealed importance sampling. */
  async partition(key: Key): Promise<PartitionEstimate> {
    checkKey('PottsModel.partition', key);
    return partitionOf(this, { key, isExact: this.#couplings.elimination !== undefined });
  }

  /** $-E$ as a sum over units and edges, for algorithms on the host such as {@link perturbAndMap}. */
  async logPotentials(): Promise<LogPotentials> {
    const { levels } = this;
    const { edges } = this.#couplings;
    const [weights, units] = await Promise.all([this.#weights.data(), this.#bias.data()]);
    const pairs = new Float64Array(edges.length * levels ** 2);
    edges.forEach((edge, index) => {
      for (let value = 0; value < levels; value++) {
        pairs[(index * levels + value) * levels + value] = weights[this.#couplings.place(edge)]!;
      }
    });
    return { levels, units: Float64Array.from(units), edges, pairs };
  }

  /**
   * The state of the lowest energy, `shape`, by maxima over one unit after the other.
   * @throws {@link UnsupportedError} where {@link PottsModel.logPartition} is not exact.
   * @throws {@link NumericalError} if a weight is not a number.
   */
  async mode(): Promise<Tensor> {
    const where = 'PottsModel.mode';
    const { elimination } = this.#couplings;
    checkEliminates(where, elimination, 'take the best of many samples');
    const { values } = largestByElimination(where, elimination, await this.logPotentials());
    return tf.tensor(Float32Array.from(values), [...this.eventShape]);
  }

  /**
   * The path $\ln f_\beta(x) = (1 - \beta) \sum_i b_{0i}(x_i) - \beta E(x)$ from the model of the units' frequencies, over integers
   * `[n, size]`.
   */
  annealedPath(): AnnealedPath {
    const ofBase = (code: Tensor): Tensor => sumLastAxes(tf.mul(code, this.#baseBias), 2);
    return {
      logBasePartition: () =>
        tf.tidy(() => tf.squeeze(this.#units.logNormalizer(tf.reshape(this.#baseBias, [1, -1])))),
      draw: (key, n) => this.#drawBase(key, n),
      logRatio: (x, { from, to }) =>
        tf.tidy(() => {
          checkShape('PottsModel.annealedPath', 'x', x, ['n', this.#size]);
          return tf.neg(tf.mul(tf.sub(to, from), tf.add(this.#energy(x), ofBase(this.#code(x)))));
        }),
      move: (x, beta, key) =>
        this.#sweep(x, key, (logits) =>
          tf.add(tf.mul(tf.sub(1, beta), this.#baseBias), tf.mul(beta, logits)),
        ),
    };
  }

  /** `[n, ...shape]`, after `sampleSteps` Gibbs sweeps from the model of the units' frequencies. */
  sample(key: Key, n: number): Tensor {
    return runSamplingLoop(this.samplingLoop(n), key);
  }

  samplingLoop(n: number): SamplingLoop {
    checkInteger('PottsModel.sample', 'n', n, { min: 0 });
    return {
      steps: this.#sampleSteps,
      inputs: {},
      start: (_, key) => ({ x: this.#drawBase(key, n) }),
      next: ({ x }, _, key) => ({ x: this.#sweep(x!, key) }),
      finish: ({ x }) => tf.reshape(x!, [n, ...this.eventShape]),
    };
  }

  objectives(): readonly Objective[] {
    return singleObjective(this, {
      name: this.#objective.name,
      loss: (x: Tensor, key) => {
        const terms = this.#objective.loss(this, x, key);
        const couplings = this.#couplings.symmetric(this.#weights);
        const decay = tf.mul(0.25 * this.#weightDecay, tf.sum(tf.square(couplings)));
        return { ...terms, total: tf.add<Scalar>(terms.total, decay) };
      },
    });
  }

  /** $[x_i = k]$, `[n, size, levels]`. */
  #code(x: Tensor): Tensor {
    return oneHot(x, { depth: this.levels });
  }

  /** $b_i(k) + \sum_j J_{ij} [x_j = k]$. */
  #logits(code: Tensor): Tensor {
    const [n, size, levels] = [code.shape[0]!, this.#size, this.levels];
    const byValue = tf.reshape(tf.transpose(code, [0, 2, 1]), [n * levels, size]);
    const received = tf.matMul(byValue, this.#couplings.symmetric(this.#weights));
    return tf.add(tf.transpose(tf.reshape(received, [n, levels, size]), [0, 2, 1]), this.#bias);
  }

  #energy(x: Tensor): Tensor {
    const code = this.#code(x);
    return tf.mul(-0.5, sumLastAxes(tf.mul(code, tf.add(this.#logits(code), this.#bias)), 2));
  }

  /** Draws the units of each class given all others, one class after the other. */
  #sweep(x: Tensor, key: Key, annealed = (logits: Tensor): Tensor => logits): Tensor {
    return tf.tidy(() => {
      let state = x;
      this.#couplings.classes.forEach((members, index) => {
        const drawn = key.fold(index).categorical(annealed(this.#logits(this.#code(state))));
        const change = tf.sub(tf.cast(drawn, 'float32'), state);
        state = tf.add(state, tf.mul(tf.tensor1d(members), change));
      });
      return state;
    });
  }

  #drawBase(key: Key, n: number): Tensor {
    return tf.tidy(() => {
      const logits = tf.tile(tf.expandDims(this.#baseBias, 0), [n, 1, 1]);
      return tf.cast(key.categorical(logits), 'float32');
    });
  }

  #rows(x: Tensor, method: string): Tensor {
    checkShape(`PottsModel.${method}`, 'x', x, ['n', ...this.eventShape]);
    return tf.reshape(x, [x.shape[0]!, this.#size]);
  }
}
