import {
  BaseModule,
  checkInteger,
  checkKey,
  checkNumber,
  checkSampling,
  checkShape,
  checkSizes,
  runSamplingLoop,
  singleObjective,
  sizeOf,
} from '@dgm/core';
import type {
  EnergyModel,
  Key,
  LoopSampledModel,
  Objective,
  PartitionEstimate,
  SampleOptions,
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
import type { VisibleUnits } from '../rbm/units';
import { Couplings } from './couplings';
import { checkEliminates, largestByElimination, type LogPotentials } from './elimination';
import type { Edge } from './graph';

export interface PairwiseOptions {
  /** The shape of one example. */
  readonly shape: Shape;
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
  /** `pseudoLikelihood()` or, where `logPartition` is exact, `maximumLikelihood()`. @defaultValue `pseudoLikelihood()` */
  readonly objective?: EnergyObjective;
  /** $\lambda$ of the penalty $\frac{\lambda}{2} \sum_{i<j} W_{ij}^2$. @defaultValue 0 */
  readonly weightDecay?: number;
  /** Gibbs sweeps of `sample`. @defaultValue 500 */
  readonly sampleSteps?: number;
}

/** The names of {@link PairwiseOptions}. */
export const PAIRWISE_OPTIONS: readonly (keyof PairwiseOptions)[] = [
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

/** What a model knows of its units. */
interface Units {
  /** The law of the units without couplings. */
  readonly units: VisibleUnits;
  readonly levels: number;
  /** The shape of the biases: `[size]`, or `[size, levels]`. */
  readonly biasShape: (size: number) => Shape;
  readonly data: 'bits' | 'integers';
  /** Whether $\ln Z$ is exact without elimination. */
  readonly isFew?: boolean;
}

/** The base of models of units with symmetric couplings of pairs, a weight for each. */
export abstract class BasePairwiseModel extends BaseModule implements EnergyModel, LoopSampledModel {
  readonly likelihoodKind = 'unnormalized';
  readonly eventShape: Shape;
  readonly levels: number;
  protected readonly size: number;
  protected readonly couplings: Couplings;
  /** `[size, size]`, of which the entries above the diagonal at the edges count. */
  protected readonly weights: Variable;
  protected readonly bias: Variable;
  /** Of the model without couplings that annealed importance sampling starts from. */
  protected readonly baseBias: Variable;
  readonly #units: VisibleUnits;
  readonly #objective: EnergyObjective;
  readonly #weightDecay: number;
  readonly #sampleSteps: number;
  readonly #isExact: boolean;

  constructor(where: string, options: PairwiseOptions, unitsOf: (shape: Shape) => Units) {
    super();
    const { shape, key, edges, examples, objective = pseudoLikelihood() } = options;
    const { weightDecay = 0, sampleSteps = 500 } = options;
    checkSizes(where, 'shape', shape);
    const { units, levels, biasShape, data, isFew = false } = unitsOf(shape);
    checkKey(where, key);
    checkObjective(where, objective, { data, example: 'pseudoLikelihood()' });
    checkNumber(where, 'weightDecay', weightDecay, { min: 0 });
    checkInteger(where, 'sampleSteps', sampleSteps);
    if (examples !== undefined) checkTrainingExamples(where, examples, shape);
    const size = sizeOf(shape);
    this.eventShape = shape;
    this.levels = levels;
    this.size = size;
    this.couplings = new Couplings(where, edges, { size, levels });
    const { elimination } = this.couplings;
    this.#isExact = isFew || elimination !== undefined;
    if (objective.sumsStates && !isFew) checkEliminates(where, elimination, 'learn by pseudo-likelihood');
    this.#units = units;
    this.#objective = objective;
    this.#weightDecay = weightDecay;
    this.#sampleSteps = sampleSteps;
    const bias = tf.tidy(() => {
      if (examples === undefined) return tf.zeros([...biasShape(size)]);
      return tf.reshape(units.fieldsOf(units.encode(examples)), [...biasShape(size)]);
    });
    const weights = tf.tidy(() => tf.mul(INITIAL_SCALE, key.fold('weights').normal([size, size])));
    this.weights = this.parameter('weights', weights);
    this.bias = this.parameter('bias', tf.clone(bias));
    this.baseBias = this.parameter('baseBias', bias, { trainable: false });
  }

  /**
   * E(x), nats, `[n]`.
   * @param x - integers from 0 to `levels` - 1, `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  energy(x: Tensor): Tensor {
    return tf.tidy(() => this.energyOf(this.rows(x, 'energy')));
  }

  /** $\ln Z$, a differentiable scalar in nats. */
  abstract logPartition(): Scalar;

  /** $\ln Z$: exact where `logPartition` is, otherwise by annealed importance sampling. */
  async partition(key: Key): Promise<PartitionEstimate> {
    checkKey(`${this.constructor.name}.partition`, key);
    return partitionOf(this, { key, isExact: this.#isExact });
  }

  /** $-E$ as a sum over units and edges, for algorithms on the host such as {@link perturbAndMap}. */
  abstract logPotentials(): Promise<LogPotentials>;

  /**
   * The state of the lowest energy, `shape`, by maxima over one unit after the other.
   * @throws {@link UnsupportedError} for edges that leave many units open at a time, such as all pairs of 18 bits.
   * @throws {@link NumericalError} if a weight is not a number.
   */
  async mode(): Promise<Tensor> {
    const where = `${this.constructor.name}.mode`;
    const { elimination } = this.couplings;
    checkEliminates(where, elimination, 'take the best of many samples');
    const { values } = largestByElimination(where, elimination, await this.logPotentials());
    return tf.tensor(Float32Array.from(values), [...this.eventShape]);
  }

  /**
   * The path $\ln f_\beta(x) = (1 - \beta) \ln f_0(x) - \beta E(x)$ from the model $f_0$ of the units' frequencies, over
   * `[n, size]`.
   */
  annealedPath(): AnnealedPath {
    return {
      logBasePartition: () =>
        tf.tidy(() => tf.squeeze(this.#units.logNormalizer(tf.reshape(this.baseBias, [1, -1])))),
      draw: (key, n) => this.drawBase(key, n),
      logRatio: (x, { from, to }) =>
        tf.tidy(() => {
          checkShape(`${this.constructor.name}.annealedPath`, 'x', x, ['n', this.size]);
          return tf.neg(tf.mul(tf.sub(to, from), tf.add(this.energyOf(x), this.logBase(x))));
        }),
      move: (x, beta, key) =>
        this.sweep(x, key, (fields) => tf.add(tf.mul(tf.sub(1, beta), this.baseBias), tf.mul(beta, fields))),
    };
  }

  /** `[n, ...shape]`, after `sampleSteps` Gibbs sweeps from the model of the units' frequencies. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling(`${this.constructor.name}.sample`, { key, n, options });
    return runSamplingLoop(this.samplingLoop(n), key);
  }

  samplingLoop(n: number): SamplingLoop {
    checkInteger(`${this.constructor.name}.sample`, 'n', n, { min: 0 });
    return {
      steps: this.#sampleSteps,
      inputs: {},
      start: (_, key) => ({ x: this.drawBase(key, n) }),
      next: ({ x }, _, key) => ({ x: this.sweep(x!, key) }),
      finish: ({ x }) => tf.reshape(x!, [n, ...this.eventShape]),
    };
  }

  objectives(): readonly Objective[] {
    return singleObjective(this, {
      name: this.#objective.name,
      loss: (x: Tensor, key) => {
        const terms = this.#objective.loss(this, x, key);
        const decay = tf.mul(0.25 * this.#weightDecay, tf.sum(tf.square(this.matrix())));
        return { ...terms, total: tf.add<Scalar>(terms.total, decay) };
      },
    });
  }

  /** $E$ of `[n, size]`. */
  protected abstract energyOf(x: Tensor): Tensor;

  /** $\ln f_0$ of `[n, size]`, but for a constant. */
  protected abstract logBase(x: Tensor): Tensor;

  /** Draws of $f_0$, `[n, size]`. */
  protected abstract drawBase(key: Key, n: number): Tensor;

  /**
   * Draws the units of each class given all others, one class after the other.
   * @param annealed - what becomes of the log-odds of the units
   */
  protected abstract sweep(x: Tensor, key: Key, annealed?: (fields: Tensor) => Tensor): Tensor;

  /** The symmetric matrix of weights. */
  protected matrix(): Tensor {
    return this.couplings.symmetric(this.weights);
  }

  protected rows(x: Tensor, method: string): Tensor {
    checkShape(`${this.constructor.name}.${method}`, 'x', x, ['n', ...this.eventShape]);
    return tf.reshape(x, [x.shape[0]!, this.size]);
  }
}
