import {
  BaseModule,
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  checkShape,
  checkSizes,
  disposeOnThrow,
  Key,
  runSamplingLoop,
  ShapeError,
  singleObjective,
  sizeOf,
  softplus,
  sumLastAxes,
} from '@dgm/core';
import type {
  EnergyModel,
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
import { isFewBits, logSumOverBits, partitionOf } from '../partition/enumerate';
import { record } from '../record';
import { bernoulliUnits, dot, drawBits } from '../rbm/units';
import { betheApproximation, meanFieldBound, treeBound } from './bounds';
import { Couplings } from './couplings';
import {
  checkEliminates,
  largestByElimination,
  logSumByElimination,
  type LogPotentials,
} from './elimination';
import type { Edge } from './graph';

export interface BoltzmannMachineOptions {
  /** The shape of one example of bits. */
  readonly shape: Shape;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /**
   * The pairs of units that interact, by their places in an example, row-major: `gridEdges([8, 8])` for an Ising model.
   * @defaultValue every pair
   */
  readonly edges?: readonly Edge[];
  /**
   * Examples, `[n, ...shape]`, whose means the biases start from. The model of these means is also where annealed importance
   * sampling starts. Borrowed.
   * @defaultValue biases of 0
   */
  readonly examples?: Tensor;
  /** `pseudoLikelihood()`, `minimumProbabilityFlow()` or, where `logPartition` is exact, `maximumLikelihood()`. @defaultValue `pseudoLikelihood()` */
  readonly objective?: EnergyObjective;
  /** $\lambda$ of the penalty $\frac{\lambda}{2} \sum_{i<j} W_{ij}^2$. @defaultValue 0 */
  readonly weightDecay?: number;
  /** Gibbs sweeps of `sample`. @defaultValue 500 */
  readonly sampleSteps?: number;
}

const OPTIONS: readonly (keyof BoltzmannMachineOptions)[] = [
  'shape',
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
  return record(
    disposeOnThrow(() => new BoltzmannMachine(options)),
    'boltzmannMachine',
    arguments,
  );
}

/** Made by {@link boltzmannMachine}. */
export class BoltzmannMachine extends BaseModule implements EnergyModel, LoopSampledModel {
  readonly likelihoodKind = 'unnormalized';
  readonly levels = 2;
  readonly eventShape: Shape;
  readonly #size: number;
  readonly #objective: EnergyObjective;
  readonly #weightDecay: number;
  readonly #sampleSteps: number;
  /** Of which the entries above the diagonal at the edges count. */
  readonly #weights: Variable;
  readonly #bias: Variable;
  /** Of the model without weights that annealed importance sampling starts from. */
  readonly #baseBias: Variable;
  readonly #couplings: Couplings;

  constructor(options: BoltzmannMachineOptions) {
    super();
    const where = 'boltzmannMachine';
    checkOptions(where, options, OPTIONS);
    const { shape, key, edges, examples, objective = pseudoLikelihood() } = options;
    const { weightDecay = 0, sampleSteps = 500 } = options;
    checkSizes(where, 'shape', shape);
    const units = bernoulliUnits({ shape });
    checkKey(where, key);
    checkObjective(where, objective, { data: 'bits', example: 'pseudoLikelihood()' });
    checkNumber(where, 'weightDecay', weightDecay, { min: 0 });
    checkInteger(where, 'sampleSteps', sampleSteps);
    if (examples !== undefined) checkTrainingExamples(where, examples, shape);
    this.eventShape = shape;
    this.#size = sizeOf(shape);
    this.#couplings = new Couplings(where, edges, { size: this.#size, levels: 2 });
    if (objective.sumsStates && !isFewBits(this.#size)) {
      checkEliminates(where, this.#couplings.elimination, 'learn by pseudo-likelihood');
    }
    this.#objective = objective;
    this.#weightDecay = weightDecay;
    this.#sampleSteps = sampleSteps;
    const size = this.#size;
    const bias = tf.tidy(() =>
      examples === undefined ? tf.zeros([size]) : units.fieldsOf(units.encode(examples)),
    );
    const weights = tf.tidy(() => tf.mul(INITIAL_SCALE, key.fold('weights').normal([size, size])));
    this.#weights = this.parameter('weights', weights);
    this.#bias = this.parameter('bias', tf.clone(bias));
    this.#baseBias = this.parameter('baseBias', bias, { trainable: false });
  }

  /**
   * E(x), nats, `[n]` (DGM Eq. 6.32).
   * @param x - 0 or 1, `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  energy(x: Tensor): Tensor {
    return tf.tidy(() => this.#energy(this.#rows(x, 'energy')));
  }

  /**
   * The log-odds of each unit given all others, $b + W x$ with the symmetric W, `[n, size]`.
   * @param x - 0 or 1, `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  logits(x: Tensor): Tensor {
    return tf.tidy(() => this.#fields(this.#rows(x, 'logits')));
  }

  /**
   * $\ln p(x_i \mid x_{-i})$ of each unit, nats, `[n, size]`: what pseudo-likelihood adds up.
   * @param x - 0 or 1, `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  conditionals(x: Tensor): Tensor {
    return tf.tidy(() => {
      const rows = this.#rows(x, 'conditionals');
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
    if (isFewBits(this.#size)) {
      return logSumOverBits(where, this.#size, (states) => tf.neg(this.#energy(states))) as Scalar;
    }
    const { elimination } = this.#couplings;
    checkEliminates(where, elimination);
    return logSumByElimination(elimination, 2, {
      unit: (unit) => tf.pad(tf.slice(this.#bias, [unit], [1]), [[1, 0]]),
      pair: (edge) =>
        tf.pad(this.#couplings.weight(this.#weights, edge), [
          [1, 0],
          [1, 0],
        ]),
    });
  }

  /** $\ln Z$: exact where {@link BoltzmannMachine.logPartition} is, otherwise by annealed importance sampling. */
  async partition(key: Key): Promise<PartitionEstimate> {
    checkKey('BoltzmannMachine.partition', key);
    const isExact = isFewBits(this.#size) || this.#couplings.elimination !== undefined;
    return partitionOf(this, { key, isExact });
  }

  /** $-E$ as a sum over units and edges, for algorithms on the host such as {@link perturbAndMap}. */
  async logPotentials(): Promise<LogPotentials> {
    const { edges } = this.#couplings;
    const [weights, bias] = await Promise.all([this.#weights.data(), this.#bias.data()]);
    const [units, pairs] = [new Float64Array(2 * bias.length), new Float64Array(4 * edges.length)];
    bias.forEach((value, unit) => (units[2 * unit + 1] = value));
    edges.forEach((edge, index) => (pairs[4 * index + 3] = weights[this.#couplings.place(edge)]!));
    return { levels: 2, units, edges, pairs };
  }

  /**
   * The state of the lowest energy, `shape`, by maxima over one unit after the other.
   * @throws {@link UnsupportedError} for edges that leave many units open at a time, such as all pairs of 18 units.
   * @throws {@link NumericalError} if a weight is not a number.
   */
  async mode(): Promise<Tensor> {
    const where = 'BoltzmannMachine.mode';
    const { elimination } = this.#couplings;
    checkEliminates(where, elimination, 'take the best of many samples, or recall');
    const { values } = largestByElimination(where, elimination, await this.logPotentials());
    return tf.tensor(Float32Array.from(values), [...this.eventShape]);
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
    const [matrix, bias] = await Promise.all([this.#weights.data(), this.#bias.data()]);
    const { edges } = this.#couplings;
    const weights = edges.map((edge) => matrix[this.#couplings.place(edge)]!);
    const energy = { bias, edges, weights };
    return {
      lower: meanFieldBound(energy),
      bethe: betheApproximation(energy),
      upper: treeBound(energy, { trees, random: key.generator(), steps }),
    };
  }

  /** The path $\ln f_\beta(x) = (1 - \beta)\, b_0^\top x - \beta E(x)$ from the model of the units' means, over `[n, size]`. */
  annealedPath(): AnnealedPath {
    const units = bernoulliUnits({ shape: [this.#size] });
    return {
      logBasePartition: () =>
        tf.tidy(() => tf.squeeze(units.logNormalizer(tf.expandDims(this.#baseBias, 0)))),
      draw: (key, n) => this.#drawBase(key, n),
      logRatio: (x, { from, to }) =>
        tf.tidy(() => {
          checkShape('BoltzmannMachine.annealedPath', 'x', x, ['n', this.#size]);
          return tf.neg(tf.mul(tf.sub(to, from), tf.add(this.#energy(x), dot(x, this.#baseBias))));
        }),
      move: (x, beta, key) =>
        this.#sweep(x, key, (fields) =>
          tf.add(tf.mul(tf.sub(1, beta), this.#baseBias), tf.mul(beta, fields)),
        ),
    };
  }

  /** `[n, ...shape]`, after `sampleSteps` Gibbs sweeps from the model of the units' means. */
  sample(key: Key, n: number): Tensor {
    return runSamplingLoop(this.samplingLoop(n), key);
  }

  samplingLoop(n: number): SamplingLoop {
    checkInteger('BoltzmannMachine.sample', 'n', n, { min: 0 });
    return {
      steps: this.#sampleSteps,
      inputs: {},
      start: (_, key) => ({ x: this.#drawBase(key, n) }),
      next: ({ x }, _, key) => ({ x: this.#sweep(x!, key) }),
      finish: ({ x }) => tf.reshape(x!, [n, ...this.eventShape]),
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
      let state = this.#rows(x, 'recall');
      for (let step = 0; step < steps; step++) {
        state = this.#update(state, (fields) => tf.cast(tf.greater(fields, 0), 'float32'));
      }
      return tf.reshape(state, x.shape);
    });
  }

  objectives(): readonly Objective[] {
    return singleObjective(this, {
      name: this.#objective.name,
      loss: (x: Tensor, key) => {
        const terms = this.#objective.loss(this, x, key);
        const decay = tf.mul(0.25 * this.#weightDecay, tf.sum(tf.square(this.#matrix())));
        return { ...terms, total: tf.add<Scalar>(terms.total, decay) };
      },
    });
  }

  /** The symmetric matrix of weights. */
  #matrix(): Tensor {
    return this.#couplings.symmetric(this.#weights);
  }

  #fields(x: Tensor): Tensor {
    return tf.add(tf.matMul(x, this.#matrix()), this.#bias);
  }

  #energy(x: Tensor): Tensor {
    const pairs = sumLastAxes(tf.mul(x, tf.matMul(x, this.#matrix())), 1);
    return tf.neg(tf.add(tf.mul(0.5, pairs), dot(x, this.#bias)));
  }

  #sweep(x: Tensor, key: Key, annealed = (fields: Tensor): Tensor => fields): Tensor {
    return this.#update(x, (fields, index) => drawBits(annealed(fields), key.fold(index)));
  }

  /** Gives the units of each class new values, one class after the other. */
  #update(x: Tensor, value: (fields: Tensor, index: number) => Tensor): Tensor {
    return tf.tidy(() => {
      const couplings = this.#matrix();
      let state = tf.clone(x);
      this.#couplings.classes.forEach((members, index) => {
        const isMember = tf.tensor1d(members);
        const fields = tf.add(tf.matMul(state, couplings), this.#bias);
        const change = tf.sub(value(fields, index), state);
        state = tf.add(state, tf.mul(isMember, change));
      });
      return state;
    });
  }

  #drawBase(key: Key, n: number): Tensor {
    return tf.tidy(() => drawBits(tf.tile(tf.expandDims(this.#baseBias, 0), [n, 1]), key));
  }

  #rows(x: Tensor, method: string): Tensor {
    checkShape(`BoltzmannMachine.${method}`, 'x', x, ['n', ...this.eventShape]);
    return tf.reshape(x, [x.shape[0]!, this.#size]);
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
  if (patterns instanceof tf.Tensor && patterns.rank >= 1) return;
  throw new ShapeError({
    where,
    argument: 'patterns',
    expected: 'to be a tensor of shape [patterns, ...shape]',
    actual: patterns instanceof tf.Tensor ? 'a scalar' : typeof patterns,
  });
}
