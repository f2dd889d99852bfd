import {
  BaseModule,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSampling,
  checkSecondDerivative,
  checkShape,
  checkThat,
  childCall,
  labelledBatch,
  logSoftmax,
  logSumExp,
  runSamplingLoop,
  singleObjective,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionedBatch,
  EnergyModel,
  Key,
  Layer,
  LoopSampledModel,
  LossOptions,
  Objective,
  SampleOptions,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkObjective, checkUnused } from '../objectives/energy-objective';
import type { EnergyFunction, EnergyObjective } from '../objectives/energy-objective';
import type { AnnealedPath } from '../partition/annealed-importance-sampling';
import { boxPath, type EnergyPathOptions } from '../partition/box-path';
import { build } from '../record';
import { CHAIN_OPTIONS, PersistentLangevin, type PersistentLangevinOptions } from './persistent-langevin';

export interface EnergyModelOptions extends PersistentLangevinOptions {
  /**
   * From `[n, ...shape]` to an energy of each example, `[n, 1]`. It belongs to the model. Smooth activations (swish) train more
   * steadily than rectifiers. Dropout acts on the energies of the loss alone: chains see the whole network.
   */
  readonly network: Layer;
  /** $\lambda$ of the penalty $\lambda (\mathbb E[E(x)^2] + \mathbb E[E(\tilde x)^2])$, which keeps energies near 0. @defaultValue 0.01 */
  readonly energyPenalty?: number;
  /**
   * How the energy is learned: `implicitScoreMatching()`, `denoisingScoreMatching({ std })`, `noiseContrastiveEstimation({ noise })` or
   * `energyDiscrepancy({ std })`. `fit` validates on it. No chains are kept then: `bufferSize`, `restart` and `energyPenalty` do not apply, and the chains
   * of `sample` start uniformly in `range`, at a temperature of 1 and for 1000 steps by default.
   * @defaultValue the contrast of examples with persistent Langevin chains
   */
  readonly objective?: EnergyObjective;
}

export interface JointEnergyModelOptions extends Omit<EnergyModelOptions, 'network' | 'objective'> {
  /** From `[n, ...shape]` to a number for each class, `[n, classes]`. It belongs to the model. */
  readonly network: Layer;
  readonly classes: number;
  /** What $-\ln p(x)$ counts beside $-\ln p(y|x)$; 0 trains the classifier alone, without chains. @defaultValue 1 */
  readonly generativeWeight?: number;
}

/**
 * A deep energy-based model, $p(x) = e^{-E(x)} / Z$ with the energy of a network, trained by the gradient of
 * $\mathbb E_{data}[E(x)] - \mathbb E[E(\tilde x)]$ with negatives $\tilde x$ of persistent Langevin chains, or by another
 * `objective`. The chains are part of the model and are saved with it. Its normalizer is not known: `evaluate` needs the option
 * `partition`, which `annealedPath` helps to estimate.
 *
 * @throws {@link ArgumentError} for an option that is unknown, out of its range, or of no use to the `objective`.
 * @throws {@link UnsupportedError} for score matching with a network whose second derivative TensorFlow.js gets wrong.
 * @see DGM §6.2, Eq. 6.20-6.24
 *
 * @example
 * ```ts
 * const model = energyModel({
 *   network: mlp([2, 64, 64, 1], { key: key.fold('network'), activation: 'swish' }),
 *   shape: [2],
 *   range: [-4, 4],
 *   key: key.fold('chains'),
 * });
 * await fit(model, planeDataset(rings(), { key }), { key, optimizer, batchSize: 100, epochs: 100 });
 * ```
 */
export function energyModel(options: EnergyModelOptions): DeepEnergyModel {
  checkGiven('energyModel', 'options', options, 'to be an object');
  return build(() => new DeepEnergyModel(options), 'energyModel', arguments);
}

/**
 * A classifier that is an energy-based model as well: with the output f of a network, $E(x, y) = -f(x)_y$, so that
 *
 * $$p(y|x) = \mathrm{softmax}_y f(x), \qquad E(x) = -\ln \sum_y e^{f(x)_y}$$
 *
 * It minimizes $-\ln p(y|x)$ and, as {@link energyModel} does, $-\ln p(x)$. Training may diverge: give `fit` the options `recover`
 * and `clipNorm`.
 *
 * @returns a model of batches `{ x, context }` with one-hot labels: `fit(model, data, { batch: classContext({ classes }), ... })`
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @see DGM §6.3, Eq. 6.5-6.31; Your Classifier is Secretly an Energy Based Model (Grathwohl et al., 2020)
 *
 * @example
 * ```ts
 * const model = jointEnergyModel({
 *   network: mlp([64, 128, 10], { key: key.fold('network'), activation: 'swish' }),
 *   classes: 10,
 *   shape: [64],
 *   range: [0, 16],
 *   key: key.fold('chains'),
 * });
 * const batch = classContext({ classes: 10 });
 * await fit(model, data, { key, optimizer, batchSize: 50, epochs: 20, batch, clipNorm: 1 });
 * ```
 */
export function jointEnergyModel(options: JointEnergyModelOptions): JointEnergyModel {
  checkGiven('jointEnergyModel', 'options', options, 'to be an object');
  return build(() => new JointEnergyModel(options), 'jointEnergyModel', arguments);
}

/** What the two models share: a network, chains, and the gradient of $-\ln p(x)$. */
abstract class BaseEnergyModel<B> extends BaseModule implements EnergyModel<B>, LoopSampledModel {
  readonly likelihoodKind = 'unnormalized';
  readonly eventShape: Shape;
  readonly #where: string;
  readonly #network: Layer;
  readonly #chains: PersistentLangevin;
  readonly #energyPenalty: number;

  /** @param others - names of options that the model has taken, for the error of an unknown one */
  constructor(
    where: string,
    { network, energyPenalty = 0.01, ...chains }: Omit<EnergyModelOptions, 'objective'>,
    others: readonly string[],
  ) {
    super();
    checkOptions(where, chains, [...CHAIN_OPTIONS, 'network', 'energyPenalty', ...others]);
    checkGiven(where, 'network', network, 'to be a layer such as mlp([64, 256, 1], { key })');
    checkNumber(where, 'energyPenalty', energyPenalty, { min: 0 });
    this.#where = where;
    this.#chains = this.child('chains', new PersistentLangevin(where, chains));
    this.#network = this.child('network', network);
    this.#energyPenalty = energyPenalty;
    this.eventShape = chains.shape;
  }

  /**
   * E(x), nats, `[n]`: minus the log-density but for a constant.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  energy(x: Tensor): Tensor {
    return this.energyIn(x, {});
  }

  /** `[n, ...shape]`: chains of the training, moved on. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling(`${this.#where}.sample`, { key, n, options });
    return runSamplingLoop(this.samplingLoop(n), key);
  }

  samplingLoop(n: number): SamplingLoop {
    checkInteger(`${this.#where}.sample`, 'n', n, { min: 0 });
    return this.#chains.sampling((x) => this.energy(x), n);
  }

  /**
   * A path for {@link annealedImportanceSampling}, of $\ln Z = \ln \int e^{-E(x)} dx$ over the box `range` in which chains are kept:
   * $f_\beta(x) = e^{-\beta E(x)}$, from the uniform density, by Hamiltonian Monte Carlo with reflections at the walls.
   *
   * Choose the step size so that the moves at the end of the path are accepted about as often as not. In many dimensions the chains may
   * miss modes: compare several numbers of temperatures.
   *
   * @throws {@link ArgumentError} for an option that is unknown or out of its range.
   * @example
   * ```ts
   * const partition = await annealedImportanceSampling(model.annealedPath(), { key, temperatures: 500 });
   * const { nats, interval } = await evaluate(model, data.test, { key, partition });
   * ```
   */
  annealedPath(options: EnergyPathOptions = {}): AnnealedPath {
    const { min, max } = this.#chains.range;
    const where = `${this.#where}.annealedPath`;
    return boxPath(where, (x) => this.energy(x), { shape: this.eventShape, min, max, ...options });
  }

  abstract objectives(): readonly Objective<B>[];

  /** The energy of what the network gives, `[n, outputs]` to `[n]`. */
  protected abstract energyOf(output: Tensor): Tensor;

  protected checkShape(x: Tensor, method: string): void {
    checkShape(`${this.#where}.${method}`, 'x', x, ['n', ...this.eventShape]);
  }

  /** `energy` in a call that may be one of training, for networks with dropout. */
  protected energyIn(x: Tensor, call: CallOptions): Tensor {
    return tf.tidy(() => this.energyOf(this.output(x, 'energy', call)));
  }

  protected output(x: Tensor, method: string, call: CallOptions = {}): Tensor {
    this.checkShape(x, method);
    return this.#network.apply(x, call);
  }

  protected networkParameters(): readonly Variable[] {
    return [...this.#network.parameters().values()].filter(({ trainable }) => trainable);
  }

  protected negatives(x: Tensor, key: Key, training: boolean): { readonly negatives: Tensor } {
    this.checkShape(x, 'loss');
    const n = x.shape[0]!;
    return { negatives: this.#chains.negatives((state) => this.energy(state), key, { n, training }) };
  }

  /** $\mathbb E_{data}[E(x)] - \mathbb E[E(\tilde x)]$, and the penalty. */
  protected contrast(dataEnergy: Tensor, negatives: Tensor, call: CallOptions) {
    const modelEnergy = this.energyIn(negatives, childCall(call, 'negatives'));
    const [data, model] = [dataEnergy, modelEnergy].map((energy) => tf.mean<Scalar>(energy)) as [
      Scalar,
      Scalar,
    ];
    const squares = tf.add(tf.mean(tf.square(dataEnergy)), tf.mean(tf.square(modelEnergy)));
    return { data, model, penalty: tf.mul<Scalar>(this.#energyPenalty, squares) };
  }
}

/** Made by {@link energyModel}. */
export class DeepEnergyModel extends BaseEnergyModel<Tensor> {
  readonly #objective: EnergyObjective | undefined;
  readonly #logPartition: Variable | undefined;

  constructor(options: EnergyModelOptions) {
    const { objective, ...others } = options;
    const chains = objective === undefined ? others : { ...WITHOUT_CHAINS, ...others, bufferSize: 0 };
    super('energyModel', chains, ['objective']);
    this.#objective = objective;
    if (objective === undefined) return;
    const example = 'denoisingScoreMatching({ std: 0.1 })';
    checkObjective('energyModel', objective, { data: 'reals', example });
    checkUnsummed(objective, example);
    checkUnused('energyModel', options, ['bufferSize', 'restart', 'energyPenalty']);
    if (objective.learnsPartition) this.#logPartition = this.parameter('logPartition', tf.scalar(0));
    if (!objective.usesScore) return;
    const energy = (x: Tensor): Tensor => this.energy(x);
    tf.tidy(() => checkSecondDerivative('energyModel', energy, tf.zeros([1, ...this.eventShape])));
  }

  protected override energyOf(output: Tensor): Tensor {
    checkWidth('energyModel', output, 1);
    return tf.reshape(output, [output.shape[0]!]);
  }

  objectives(): readonly Objective[] {
    const objective = this.#objective;
    if (objective === undefined) return [this.#contrastive()];
    const logPartition = this.#logPartition;
    const seen: EnergyFunction = {
      energy: (x) => this.energy(x),
      ...(logPartition && { learnedPartition: logPartition }),
    };
    const loss = (x: Tensor, key: Key) => {
      this.checkShape(x, 'loss');
      return objective.loss(seen, x, key);
    };
    return singleObjective(this, { name: objective.name, loss }).map((each) => ({
      ...each,
      validated: true,
    }));
  }

  #contrastive(): Objective {
    return {
      name: 'contrastive',
      parameters: this.networkParameters(),
      prepare: (x, key, { training }) => this.negatives(x, key, training),
      loss: (x, key, { training, prepared }) =>
        tf.tidy(() => {
          const call = { training, key };
          const { data, model, penalty } = this.contrast(
            this.energyIn(x, childCall(call, 'examples')),
            prepared!['negatives']!,
            call,
          );
          return { total: tf.add<Scalar>(tf.sub(data, model), penalty), data, model };
        }),
    };
  }
}

/** Defaults of the chains of `sample` where an objective needs none. */
const WITHOUT_CHAINS = { steps: 1000, temperature: 1 };

/** Made by {@link jointEnergyModel}. */
export class JointEnergyModel extends BaseEnergyModel<ConditionedBatch> {
  readonly classes: number;
  readonly #generativeWeight: number;

  constructor({ classes, generativeWeight = 1, ...options }: JointEnergyModelOptions) {
    super('jointEnergyModel', options, ['classes', 'generativeWeight']);
    checkInteger('jointEnergyModel', 'classes', classes, { min: 2 });
    checkNumber('jointEnergyModel', 'generativeWeight', generativeWeight, { min: 0 });
    this.classes = classes;
    this.#generativeWeight = generativeWeight;
  }

  /**
   * $\ln p(y|x)$ of every class, nats, `[n, classes]` (DGM Eq. 6.12).
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  classLogProbs(x: Tensor): Tensor {
    return tf.tidy(() => logSoftmax(this.#logits(x, 'classLogProbs')));
  }

  /**
   * $E(x, y) = -f(x)_y$, nats, `[n]` (DGM Eq. 6.5).
   * @param batch - `x`, `[n, ...shape]`, and its one-hot labels as `context`, `[n, classes]`
   * @throws {@link ShapeError} for another shape.
   */
  jointEnergy(batch: ConditionedBatch): Tensor {
    const { x, context } = this.#labelled(batch, 'jointEnergy');
    return tf.tidy(() => tf.neg(tf.sum(tf.mul(this.#logits(x, 'jointEnergy'), context), 1)));
  }

  protected override energyOf(output: Tensor): Tensor {
    checkWidth('jointEnergyModel', output, this.classes);
    return tf.neg(logSumExp(output, { axis: 1 }));
  }

  objectives(): readonly Objective<ConditionedBatch>[] {
    const weight = this.#generativeWeight;
    return [
      {
        name: 'joint',
        parameters: this.networkParameters(),
        ...(weight > 0 && {
          prepare: (batch: ConditionedBatch, key: Key, { training }: LossOptions) =>
            this.negatives(this.#labelled(batch, 'loss').x, key, training),
        }),
        loss: (batch, key, { training, prepared }) =>
          tf.tidy(() => {
            const { x, context } = this.#labelled(batch, 'loss');
            const call = { training, key };
            const logits = this.#logits(x, 'loss', childCall(call, 'examples'));
            const perExample = tf.sum(tf.mul(logSoftmax(logits), context), 1);
            const classification = tf.neg(tf.mean<Scalar>(perExample));
            if (weight === 0) return { total: tf.clone(classification), classification };
            const dataEnergy = this.energyOf(logits);
            const { data, model, penalty } = this.contrast(dataEnergy, prepared!['negatives']!, call);
            const generative = tf.add(tf.sub(data, model), penalty);
            const total = tf.add<Scalar>(classification, tf.mul(weight, generative));
            return { total, classification, data, model };
          }),
      },
    ];
  }

  #logits(x: Tensor, method: string, call: CallOptions = {}): Tensor {
    const output = this.output(x, method, call);
    checkWidth('jointEnergyModel', output, this.classes);
    return output;
  }

  #labelled(batch: ConditionedBatch, method: string): ConditionedBatch {
    const { eventShape, classes: contextSize } = this;
    return labelledBatch(`jointEnergyModel.${method}`, batch, { eventShape, contextSize });
  }
}

/** @throws ArgumentError for an objective that sums over all states, of which real numbers have none */
function checkUnsummed(objective: EnergyObjective, example: string): void {
  checkThat('energyModel', 'objective', !objective.sumsStates, {
    expected: `to be one that needs no normalizer, such as ${example}`,
    actual: `${objective.name}, which sums over all states`,
  });
}

/** @throws ShapeError if the network gives another number of values for each example */
function checkWidth(where: string, output: Tensor, width: number): void {
  checkShape(where, 'the output of the network', output, ['n', width]);
}
