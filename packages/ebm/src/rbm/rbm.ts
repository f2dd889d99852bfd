import {
  BaseModule,
  checkInteger,
  checkKey,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkSampling,
  checkShape,
  checkThat,
  runSamplingLoop,
  singleObjective,
  sumLastAxes,
  trainable,
} from '@dgm/core';
import type {
  EnergyModel,
  Key,
  LoopSampledModel,
  LossTerms,
  Objective,
  PartitionEstimate,
  SampleOptions,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkObjective, checkUnused, type EnergyObjective } from '../objectives/energy-objective';
import type { AnnealedPath } from '../partition/annealed-importance-sampling';
import { baseReplicas } from '../partition/parallel-tempering';
import { checkFewBits, isFewBits, partitionOf } from '../partition/enumerate';
import { checkTrainingExamples } from '../check';
import { build } from '../record';
import { checkedHidden, checkStates, type HiddenFields, type HiddenUnits } from './hidden-units';
import {
  checkedNegativePhase,
  NEGATIVE_PHASE_OPTIONS,
  NegativePhase,
  type ChainVariables,
  type NegativePhaseOptions,
} from './negative-phase';
import { checkSparsity, sparsityPenalty, type Sparsity } from './sparsity';
import { UnitPair, type RbmParameters } from './unit-pair';
import { checkVisible, dot, type VisibleUnits } from './units';

export interface RbmOptions extends NegativePhaseOptions {
  /** What the visible units are: `bernoulliUnits({ shape: [64] })`. */
  readonly visible: VisibleUnits;
  /**
   * How many hidden units there are, each 0 or 1, or units such as `subspaceUnits({ gates: 50, size: 3 })` or
   * `spikeAndSlabUnits({ units: 100 })`.
   */
  readonly hidden: number | HiddenUnits;
  /** Randomness for the initial weights and chains. */
  readonly key: Key;
  /**
   * Examples, `[n, ...shape]`, whose means the visible biases start from. The model of these means is also where annealed
   * importance sampling starts. Borrowed.
   * @defaultValue fields of 0
   */
  readonly examples?: Tensor;
  /**
   * How units are learned without chains: `pseudoLikelihood()` or `minimumProbabilityFlow()` of visible bits, or
   * `maximumLikelihood()` with at most 20 hidden units or visible bits. The options of chains do not apply then.
   * @defaultValue contrastive divergence
   */
  readonly objective?: EnergyObjective;
  /** $\lambda$ of the penalty $\frac{\lambda}{2} \|W\|^2$. @defaultValue 0 */
  readonly weightDecay?: number;
  /**
   * How often hidden units shall be on, with which they come to stand for rare features: `{ target: 0.05, weight: 1 }`. Of subspace units
   * this is about the gates, and of units with slabs about the spikes.
   * @defaultValue no penalty
   */
  readonly sparsity?: Sparsity;
  /** Gibbs steps of `sample`. @defaultValue 500 */
  readonly sampleSteps?: number;
}

const OPTIONS: readonly (keyof RbmOptions)[] = [
  'visible',
  'hidden',
  'key',
  'examples',
  ...NEGATIVE_PHASE_OPTIONS,
  'objective',
  'weightDecay',
  'sparsity',
  'sampleSteps',
];

/** The standard deviation of initial weights. */
const INITIAL_SCALE = 0.01;

/**
 * A restricted Boltzmann machine: visible units x with statistics t(x) and hidden bits h, with the energy
 *
 * $$E(x, h) = e(t) - b^\top t - c^\top h - t^\top W h$$
 *
 * of which `energy` is the free energy of x. It learns by contrastive divergence: the gradient of the mean free energy of the
 * examples minus that of samples of the model. `evaluate` gets $\ln Z$ by a sum over all states where the hidden or the visible
 * units are at most 20 bits, and by annealed importance sampling, with an interval, elsewhere.
 *
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @throws {@link ShapeError} for examples of another shape.
 * @see DGM §6.4, Eq. 6.33-6.43; Training Products of Experts by Minimizing Contrastive Divergence (Hinton, 2002); Training
 * Restricted Boltzmann Machines using Approximations to the Likelihood Gradient (Tieleman, 2008); Using Fast Weights to Improve
 * Persistent Contrastive Divergence (Tieleman and Hinton, 2009); Parallel Tempering for Training of Restricted Boltzmann Machines
 * (Desjardins et al., 2010)
 *
 * @example
 * ```ts
 * const model = rbm({ visible: bernoulliUnits({ shape: [64] }), hidden: 200, key, examples, steps: 10, chains: 100 });
 * ```
 */
export function rbm(options: RbmOptions): Rbm {
  return build(() => new Rbm(options), 'rbm', arguments);
}

/** Made by {@link rbm}. */
export class Rbm extends BaseModule implements EnergyModel, LoopSampledModel {
  readonly likelihoodKind = 'unnormalized';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly #units: UnitPair;
  readonly #negativePhase: NegativePhase;
  readonly #objective: EnergyObjective | undefined;
  readonly #weightDecay: number;
  readonly #sparsity: Sparsity | undefined;
  readonly #sampleSteps: number;
  readonly #weights: Variable;
  readonly #visibleBias: Variable;
  readonly #hiddenBias: Variable;
  readonly #gateBias: Variable | undefined;
  /** Of the model without hidden units that annealed importance sampling starts from. */
  readonly #baseBias: Variable;

  constructor(options: RbmOptions) {
    super();
    checkOptions('rbm', options, OPTIONS);
    const { visible, hidden, key, examples } = options;
    const { objective, weightDecay = 0, sparsity, sampleSteps = 500 } = options;
    checkVisible('rbm', visible);
    const hiddenUnits = checkedHidden('rbm', hidden);
    checkKey('rbm', key);
    const negativePhase = checkedNegativePhase('rbm', options);
    checkNumber('rbm', 'weightDecay', weightDecay, { min: 0 });
    if (sparsity !== undefined) checkSparsity('rbm', sparsity);
    checkInteger('rbm', 'sampleSteps', sampleSteps);
    if (objective !== undefined) {
      checkObjective('rbm', objective, { data: 'bits', example: 'pseudoLikelihood()' });
      checkUnused('rbm', options, NEGATIVE_PHASE_OPTIONS);
      if (objective.data === 'bits') checkBits('rbm', visible);
    }
    if (examples !== undefined) checkTrainingExamples('rbm', examples, visible.shape);
    this.eventShape = visible.shape;
    this.levels = visible.levels;
    this.#units = new UnitPair(visible, hiddenUnits);
    this.#objective = objective;
    this.#weightDecay = weightDecay;
    this.#sparsity = sparsity;
    this.#sampleSteps = sampleSteps;
    if (objective?.sumsStates) checkFewBits('rbm', this.#units.fewestBits, 'learn with chains');
    const bias = tf.tidy(() =>
      examples === undefined ? tf.zeros([visible.size]) : visible.fieldsOf(visible.encode(examples)),
    );
    const weights = tf.tidy(() =>
      tf.mul(INITIAL_SCALE, key.fold('weights').normal([visible.size, hiddenUnits.width])),
    );
    this.#weights = this.parameter('weights', weights);
    this.#visibleBias = this.parameter('visibleBias', tf.clone(bias));
    this.#hiddenBias = this.parameter('hiddenBias', tf.zeros([hiddenUnits.width]));
    if (hiddenUnits.gates !== undefined) {
      this.#gateBias = this.parameter('gateBias', tf.zeros([hiddenUnits.gates]));
    }
    this.#baseBias = this.parameter('baseBias', bias, { trainable: false });
    this.#negativePhase = new NegativePhase(
      this.#units,
      negativePhase,
      this.#chainVariables(key, negativePhase),
    );
  }

  /**
   * The free energy $F(x) = -\ln \sum_h e^{-E(x, h)} = e(t) - b^\top t - \sum_j \ln(1 + e^{c_j + (t^\top W)_j})$, nats, `[n]`
   * (DGM Eq. 6.37).
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  energy(x: Tensor): Tensor {
    return tf.tidy(() => this.#units.freeEnergy(this.#encode(x, 'energy'), this.#parameters));
  }

  /**
   * The energy of visible and hidden units together, E(x, h), nats, `[n]` (DGM Eq. 6.33).
   * @param x - `[n, ...shape]`
   * @param h - 0 or 1, `[n, hidden]`, or the states of the units of `hidden`
   * @throws {@link ShapeError} for another shape.
   */
  jointEnergy(x: Tensor, h: Tensor): Tensor {
    return tf.tidy(() => {
      const t = this.#encode(x, 'jointEnergy');
      checkStates('Rbm.jointEnergy', h, x.shape[0]!, this.#units.hidden);
      return this.#units.jointEnergy(t, h, this.#parameters);
    });
  }

  /**
   * What the hidden units receive from x, $c + W^\top t$, `[n, width]`.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  hiddenFields(x: Tensor): Tensor {
    return tf.tidy(() => this.#units.hiddenFields(this.#encode(x, 'hiddenFields'), this.#parameters).columns);
  }

  /**
   * The log-odds of each hidden unit given x, `[n, hidden]` (DGM Eq. 6.38); of subspace units those of the gates (Eq. 6.47), of units with slabs
   * those of the spikes.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  hiddenLogits(x: Tensor): Tensor {
    return tf.tidy(() => this.#hiddenLogits(this.#encode(x, 'hiddenLogits')));
  }

  /**
   * The fields of the visible units given h, $b + W h$, `[n, size]` (DGM Eq. 6.39, 6.45): of bits, their log-odds.
   * @param h - 0 or 1, `[n, hidden]`; of subspace units `[n, gates, 1 + size]`, the gate first, and of
   *   units with slabs `[n, units, 2]`, the spike first
   * @throws {@link ShapeError} if `h` has another shape.
   */
  visibleFields(h: Tensor): Tensor {
    const units = this.#units;
    checkStates('Rbm.visibleFields', h, 'n', units.hidden);
    return tf.tidy(() => units.visibleFields(units.hidden.encode(h).columns, this.#parameters));
  }

  /**
   * $\ln Z = \ln \sum_x \sum_h e^{-E(x, h)}$ by a sum over the states of the hidden or the visible units, a differentiable scalar
   * in nats. Of 20 bits it takes about a second.
   * @param over - which units to enumerate; of the visible only bits (`@defaultValue` the fewer)
   * @throws {@link UnsupportedError} for more than 20 bits.
   */
  logPartition(over: 'hidden' | 'visible' = this.#units.fewer): Scalar {
    checkOneOf('Rbm.logPartition', 'over', over, ['hidden', 'visible']);
    return this.#units.logPartition('Rbm.logPartition', this.#parameters, over) as Scalar;
  }

  /** $\ln Z$: exact if that takes a sum over at most 2^20 states, otherwise by annealed importance sampling. */
  async partition(key: Key): Promise<PartitionEstimate> {
    checkKey('Rbm.partition', key);
    return partitionOf(this, { key, isExact: isFewBits(this.#units.fewestBits) });
  }

  /**
   * The path from the model of the visible units' means to this machine, over statistics `[n, size]`:
   *
   * $$\ln f_\beta(t) = ((1 - \beta) b_0 + \beta b)^\top t - e(t) + \sum_j \ln(1 + e^{\beta (c_j + (t^\top W)_j)})$$
   *
   * @see On the quantitative analysis of deep belief networks (Salakhutdinov and Murray, 2008), Eq. 15-18
   */
  annealedPath(): AnnealedPath {
    const { visible, hidden } = this.#units;
    const bias = (beta: Scalar): Tensor =>
      tf.add(this.#baseBias, tf.mul(beta, tf.sub(this.#visibleBias, this.#baseBias)));
    return {
      logBasePartition: () =>
        tf.tidy(() => {
          const ofVisible = tf.squeeze(visible.logNormalizer(tf.expandDims(this.#baseBias, 0)));
          return tf.add(ofVisible, hidden.logStates);
        }),
      draw: (key, n) => this.#drawBase(key, n),
      logRatio: (t, { from, to }) =>
        tf.tidy(() => {
          checkShape('Rbm.annealedPath', 'the statistics', t, ['n', visible.size]);
          const fields = this.#units.hiddenFields(t, this.#parameters);
          const masses = (beta: Scalar): Tensor => hidden.logMasses(scaled(fields, beta));
          const ofHidden = sumLastAxes(tf.sub(masses(to), masses(from)), 1);
          const gap = tf.mul(tf.sub(to, from), tf.sub(this.#visibleBias, this.#baseBias));
          return tf.add(dot(t, gap), ofHidden);
        }),
      move: (t, beta, key) =>
        tf.tidy(() => {
          const fields = this.#units.hiddenFields(t, this.#parameters);
          const h = hidden.draw(scaled(fields, beta), key);
          const fromHidden = tf.matMul(h, this.#weights, false, true);
          return visible.draw(tf.add(bias(beta), tf.mul(beta, fromHidden)), key.fold('visible'));
        }),
    };
  }

  /** `[n, ...shape]`, after `sampleSteps` Gibbs steps from the model of the visible units' means. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('Rbm.sample', { key, n, options });
    return runSamplingLoop(this.samplingLoop(n), key);
  }

  samplingLoop(n: number): SamplingLoop {
    checkInteger('Rbm.sample', 'n', n, { min: 0 });
    return {
      steps: this.#sampleSteps,
      inputs: {},
      start: (_, key) => ({ statistics: this.#drawBase(key, n) }),
      next: ({ statistics }, _, key) => ({
        statistics: this.#units.gibbsStep(statistics!, this.#parameters, key),
      }),
      finish: ({ statistics }) => this.#units.visible.decode(statistics!),
    };
  }

  /**
   * Chains of Gibbs sampling that start at given examples, $h \sim p(h \mid x)$ and $x \sim p(x \mid h)$ in turn, `[n, ...shape]`.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  gibbs(x: Tensor, options: { readonly key: Key; readonly steps: number }): Tensor {
    checkOptions('Rbm.gibbs', options, ['key', 'steps']);
    const { key, steps } = options;
    checkKey('Rbm.gibbs', key);
    checkInteger('Rbm.gibbs', 'steps', steps, { min: 0 });
    return tf.tidy(() => {
      const end = this.#units.chain(this.#encode(x, 'gibbs'), this.#parameters, { key, steps });
      return this.#units.visible.decode(end);
    });
  }

  /**
   * Contrastive divergence: the gradient of $\mathbb E_{data}[F(x)] - \mathbb E_{negatives}[F(x)]$, in which the negatives are
   * constants, is that of minus the log-likelihood where these are samples of the model (DGM Eq. 6.42).
   */
  objectives(): readonly Objective[] {
    const objective = this.#objective;
    if (objective !== undefined) {
      const loss = (x: Tensor, key: Key) => this.#penalized(objective.loss(this, x, key), x);
      return singleObjective(this, { name: objective.name, loss });
    }
    return [
      {
        name: 'contrastive',
        parameters: [...trainable(this).values()],
        prepare: (x, key, { training }) =>
          tf.tidy(() => {
            const [parameters, path] = [this.#parameters, this.annealedPath()];
            const options = { parameters, path, key, training };
            return { negatives: this.#negativePhase.draw(this.#encode(x, 'objectives'), options) };
          }),
        loss: (x, _, { prepared }) =>
          tf.tidy(() => {
            const data = tf.mean<Scalar>(this.energy(x));
            const negatives = prepared!['negatives']!;
            const model = tf.mean<Scalar>(this.#units.freeEnergy(negatives, this.#parameters));
            return this.#penalized({ total: tf.sub<Scalar>(data, model), data, model }, x);
          }),
      },
    ];
  }

  /** With the penalties of weights and of hidden units that are on too often or too rarely in the total. */
  #penalized(terms: LossTerms, x: Tensor): LossTerms {
    const decay = tf.mul(0.5 * this.#weightDecay, tf.sum(tf.square(this.#weights)));
    const total = tf.add<Scalar>(terms.total, decay);
    if (this.#sparsity === undefined) return { ...terms, total };
    const sparsity = sparsityPenalty(this.#hiddenLogits(this.#encode(x, 'objectives')), this.#sparsity);
    return { ...terms, total: tf.add<Scalar>(total, sparsity), sparsity };
  }

  /** The state of persistent chains, drawn from the model of the visible units' means. */
  #chainVariables(
    key: Key,
    { chains, temperatures, fastLearningRate }: Required<NegativePhaseOptions>,
  ): ChainVariables {
    if (chains === 0) return {};
    const own = key.fold('chains');
    const start =
      temperatures > 1
        ? baseReplicas(this.annealedPath(), own, { chains, temperatures })
        : this.#drawBase(own, chains);
    const states = this.parameter('chains', start, { trainable: false });
    if (fastLearningRate === 0) return { chains: states };
    const fast = tf.zerosLike(this.#weights);
    return { chains: states, fastWeights: this.parameter('fastWeights', fast, { trainable: false }) };
  }

  get #parameters(): RbmParameters {
    return {
      weights: this.#weights,
      visibleBias: this.#visibleBias,
      hiddenBias: this.#hiddenBias,
      gateBias: this.#gateBias,
    };
  }

  #hiddenLogits(t: Tensor): Tensor {
    return this.#units.hidden.logits(this.#units.hiddenFields(t, this.#parameters));
  }

  #drawBase(key: Key, n: number): Tensor {
    return tf.tidy(() => this.#units.visible.draw(tf.tile(tf.expandDims(this.#baseBias, 0), [n, 1]), key));
  }

  #encode(x: Tensor, method: string): Tensor {
    checkShape(`Rbm.${method}`, 'x', x, ['n', ...this.eventShape]);
    return this.#units.visible.encode(x);
  }
}

/** The fields of the energy times $\beta$. */
function scaled({ columns, gates }: HiddenFields, beta: Scalar): HiddenFields {
  return { columns: tf.mul(beta, columns), gates: gates && tf.mul(beta, gates) };
}

/** @throws ArgumentError for units that are no bits */
function checkBits(where: string, { levels }: VisibleUnits): void {
  checkThat(where, 'visible', levels === 2, {
    expected: 'to be bits for this objective, such as bernoulliUnits({ shape: [64] })',
    actual: levels === undefined ? 'real numbers' : `units of ${levels} values`,
  });
}
