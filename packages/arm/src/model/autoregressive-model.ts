import {
  BaseModule,
  checkContext,
  checkInteger,
  checkKey,
  checkOneOf,
  checkOptions,
  checkShape,
  checkThat,
  DomainError,
  formatShape,
  runSamplingLoop,
  sameShape,
  ShapeError,
  singleObjective,
  sizeOf,
  splitBatch,
  UnsupportedError,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionalDistribution,
  ConditionalLoop,
  ConditionalLoopModel,
  ConditionedBatch,
  Distribution,
  DistributionHead,
  Key,
  LikelihoodModel,
  LoopSampledModel,
  Objective,
  SampleOptions,
  SamplingLoop,
  Shape,
  StateOptions,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { AutoregressiveDistribution } from './autoregressive-distribution';
import { checkFit, numVariablesOf } from './check-fit';
import { knownByVariable } from './given-entries';
import type { GivenEntries } from './given-entries';
import { isStepNetwork } from './network';
import type { AutoregressiveNetwork } from './network';
import { checkOrder, inverseOrder } from './order';
import type { Order } from './order';
import { drawFrom, samplePredictively } from './sampling';
import type { DrawOptions, KnownVariables } from './sampling';
import { ancestralLoop, conditionalLoop, hasFixedState } from './sampling-loop';

export interface AutoregressiveModelOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /** The parameters of each conditional; the model owns it. */
  readonly network: AutoregressiveNetwork;
  /**
   * The family of $p(x_d | x_{<d})$: a head over one variable, for example `categoricalHead({ shape: [], levels: 17 })`. A head
   * over `[channels]`, the last axis of `shape`, makes a pixel with its channels one variable.
   */
  readonly likelihood: DistributionHead;
  /** In which order the variables come, by default row by row. */
  readonly order?: Order;
}

export interface SamplingLoopOptions extends DrawOptions, SampleOptions {
  /**
   * In-painting: entries that are given; each of the others is drawn given those before it in the order. That is a draw
   * of the conditional distribution where the given entries come first, an approximation elsewhere.
   */
  readonly given?: GivenEntries;
}

export interface ArmSampleOptions extends SamplingLoopOptions {
  /**
   * `cached` - a step of the network for each variable; `predictive` - guesses that converge; `full` - a pass of the whole
   * network for each variable. All draw the same. By default `cached` where the network can do so, else `predictive`, or
   * `full` for a traced key, as guesses are read.
   */
  readonly method?: 'cached' | 'predictive' | 'full';
}

/**
 * An autoregressive model: $\ln p(x) = \sum_d \ln p(x_d | x_{<d})$, each conditional with parameters that one network
 * computes from the variables before it.
 *
 * It owns its network: `dispose()` frees it.
 *
 * @throws ArgumentError where network, likelihood, shape and order do not fit together
 * @see DGM Eq. 2.4 and 2.10-2.14, Listing 2.2
 */
export class AutoregressiveModel
  extends BaseModule
  implements
    LikelihoodModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>,
    ConditionalDistribution,
    LoopSampledModel,
    ConditionalLoopModel
{
  readonly likelihoodKind = 'exact';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  /** The number of variables, D. */
  readonly numVariables: number;
  readonly contextSize: number;
  readonly network: AutoregressiveNetwork;
  readonly #head: DistributionHead;
  /** Undefined for the order in which the entries lie anyway. */
  readonly #order: Int32Array | undefined;

  constructor({ shape, network, likelihood, order }: AutoregressiveModelOptions) {
    super();
    record(this, 'AutoregressiveModel', arguments);
    this.eventShape = shape;
    this.levels = likelihood.levels;
    this.numVariables = numVariablesOf(shape, likelihood);
    this.contextSize = network.contextSize;
    this.network = this.child('network', network);
    this.#head = likelihood;
    checkFit({ eventShape: shape, numVariables: this.numVariables, network, likelihood });
    const checked = order && checkOrder('AutoregressiveModel', order, this.numVariables);
    this.#order = checked?.every((at, index) => at === index) ? undefined : checked;
  }

  /**
   * Log-likelihood of each example in nats, `[n]`.
   * @param batch - `[n, ...shape]`, or `{ x, context }` for a conditional model
   */
  logProb(batch: Tensor | ConditionedBatch): Tensor {
    const { x, ...conditioned } = splitBatch(batch);
    return this.#logProb(x, conditioned, 'logProb');
  }

  /**
   * The distribution of x given a context, `[n, contextSize]`. It borrows the context.
   * @param call - for networks with dropout, whose log-probabilities differ in training
   * @throws ShapeError if the context is not what the model was made for
   */
  given(context?: Tensor, call: CallOptions = {}): Distribution {
    checkContext('AutoregressiveModel.given', context, this);
    return new AutoregressiveDistribution(
      {
        eventShape: this.eventShape,
        space: this.#head.space,
        logProbGiven: (x, c) => this.#logProb(x, { ...call, ...(c && { context: c }) }, 'logProb'),
        sampleGiven: (key, n, c) => this.sample(key, n, c === undefined ? {} : { context: c }),
      },
      context,
    );
  }

  /**
   * The parameters of every conditional in the order of the variables, `[n, D, numParameters]`.
   * @param x - `[n, ...shape]`
   */
  conditionals(x: Tensor, call: CallOptions = {}): Tensor {
    this.#check(x, call, 'conditionals');
    return tf.tidy(() => this.network.conditionals(this.#toSequence(x), call));
  }

  /** Ancestral sampling, one variable after the other: `[n, ...shape]`. Variable d is drawn with `key.fold(d)`. */
  sample(key: Key, n: number, options: ArmSampleOptions = {}): Tensor {
    const where = 'AutoregressiveModel.sample';
    checkOptions(where, options, ['method', 'context', 'given', 'temperature', 'topK']);
    const { method } = options;
    checkKey(where, key);
    checkInteger(where, 'n', n, { min: 0 });
    const isCached = isStepNetwork(this.network);
    if (method !== undefined) checkOneOf(where, 'method', method, ['cached', 'predictive', 'full']);
    checkThat(where, 'method', method !== 'cached' || isCached, {
      expected: 'to be predictive or full for a network that has no step',
      actual: 'cached',
    });
    if (options.given !== undefined && !key.isTraced) this.#checkKnown(options.given, n);
    if (n === 0) return this.#none(options);
    const chosen = method ?? (isCached ? 'cached' : key.isTraced ? 'full' : 'predictive');
    if (chosen === 'predictive') return this.#predict(key, n, options);
    return runSamplingLoop(this.#loop(n, options, chosen === 'full' ? undefined : {}), key);
  }

  /**
   * Ancestral sampling as a loop, for an engine that compiles one: `compileSampler` of `@dgm/compile`. It draws what `sample`
   * draws: variable by variable where the network can do so with a state of fixed size, else by a pass of the whole network
   * for each.
   *
   * The loop borrows the context and the given values.
   */
  samplingLoop(n: number, options: SamplingLoopOptions = {}): SamplingLoop {
    const capacity = this.numVariables;
    return this.#loop(n, options, hasFixedState(this.network, capacity) ? { capacity } : undefined);
  }

  /**
   * The conditionals of `n` examples one after the other, for an entropy coder: variable by variable where the network can do
   * so with a state of fixed size, else by a pass of the whole network for each. The loop borrows the context.
   *
   * @throws UnsupportedError for a likelihood that has no finite number of levels, and for one that takes several entries as one
   * variable
   */
  conditionalLoop(n: number, { context }: SampleOptions = {}): ConditionalLoop {
    const where = 'AutoregressiveModel.conditionalLoop';
    checkInteger(where, 'n', n);
    checkContext(where, context, { rows: n, contextSize: this.contextSize });
    const { levels, eventShape } = this.#head;
    if (levels === undefined || levels === Infinity || eventShape.length > 0) {
      throw new UnsupportedError({
        where,
        argument: 'the likelihood',
        expected: 'to give each entry a finite number of levels by itself',
        actual: eventShape.length > 0 ? `entries of shape ${formatShape(eventShape)}` : 'no such number',
      });
    }
    const capacity = this.numVariables;
    return conditionalLoop({
      ...{ network: this.network, n, numVariables: this.numVariables, levels },
      cache: hasFixedState(this.network, capacity) ? { capacity } : undefined,
      order: Array.from(this.#order ?? Array(this.numVariables).keys()),
      inputs: context === undefined ? {} : { context },
      logProbs: (parameters) => {
        const values = tf.reshape(tf.range(0, levels), [levels, 1]);
        return tf.transpose(this.#head.distribution(parameters).logProb(values));
      },
    });
  }

  /** One objective: the negative log-likelihood in nats per example, Eq. 2.14. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'negative-log-likelihood',
      loss: (batch, key, { training }) => {
        const { x, ...conditioned } = splitBatch(batch);
        const logProb = this.#logProb(x, { ...conditioned, training, key }, 'loss');
        return { total: tf.neg(tf.mean<Scalar>(logProb)) };
      },
    });
  }

  #logProb(x: Tensor, call: CallOptions, method: string): Tensor {
    this.#check(x, call, method);
    if (x.shape[0] === 0) return tf.zeros([0]);
    return tf.tidy(() => {
      const [n, count] = [x.shape[0]!, this.numVariables];
      const sequence = this.#toSequence(x);
      const parameters = this.network.conditionals(sequence, call);
      const rows = tf.reshape(parameters, [n * count, this.network.numParameters]);
      const values = tf.reshape(sequence, [n * count, ...this.#head.eventShape]);
      const logProb = this.#head.distribution(rows).logProb(values);
      return tf.sum(tf.reshape(logProb, [n, count]), 1);
    });
  }

  #loop(n: number, options: SamplingLoopOptions, cache: StateOptions | undefined): SamplingLoop {
    const { context, given } = options;
    checkContext('AutoregressiveModel.sample', context, { rows: n, contextSize: this.contextSize });
    const isKnown = given && this.#isKnown(given, n);
    return ancestralLoop({
      ...{ network: this.network, cache, n, numVariables: this.numVariables },
      ...{ variable: this.#head.eventShape, draw: drawFrom(this.#head, options) },
      inputs: { ...(context && { context }), ...(given && { given: given.values }) },
      ...(isKnown && {
        isKnown: Array.from({ length: this.numVariables }, (_, variable) => isKnown(variable)),
      }),
      toSequence: (x) => this.#toSequence(x),
      fromSequence: (sequence) => this.#fromSequence(sequence),
    });
  }

  #predict(key: Key, n: number, options: SamplingLoopOptions): Tensor {
    const { context, given } = options;
    checkContext('AutoregressiveModel.sample', context, { rows: n, contextSize: this.contextSize });
    const draw = drawFrom(this.#head, options);
    const { network, numVariables } = this;
    const isKnown = given && this.#isKnown(given, n);
    return tf.tidy(() => {
      const known: KnownVariables | undefined = isKnown && {
        values: this.#toSequence(given.values),
        isKnown,
      };
      const sequence = samplePredictively({
        ...{ network, numVariables, variable: this.#head.eventShape, draw, key, n },
        call: context === undefined ? {} : { context },
        ...(known && { known }),
      });
      return this.#fromSequence(sequence);
    });
  }

  /** No draws at all, `[0, ...shape]`, of options that fit. */
  #none({ context, ...options }: SamplingLoopOptions): Tensor {
    checkContext('AutoregressiveModel.sample', context, { rows: 0, contextSize: this.contextSize });
    drawFrom(this.#head, options);
    return tf.zeros([0, ...this.eventShape]);
  }

  #isKnown({ values, known }: GivenEntries, n: number): (variable: number) => boolean {
    const entries = sizeOf(this.eventShape);
    checkThat(
      'AutoregressiveModel.sample',
      'given',
      sameShape(values?.shape ?? [], [n, ...this.eventShape]) && known?.length === entries,
      {
        error: ShapeError,
        expected: `to hold values of shape ${formatShape([n, ...this.eventShape])} and known for ${entries} entries`,
        actual: `${values === undefined ? 'none' : formatShape(values.shape)} and ${known?.length ?? 'none'}`,
      },
    );
    const byVariable = knownByVariable(known, sizeOf(this.#head.eventShape));
    return (variable) => byVariable[this.#order?.[variable] ?? variable]!;
  }

  /** Reads the values that are given, and refuses those that the likelihood does not know. */
  #checkKnown(given: GivenEntries, n: number): void {
    this.#isKnown(given, n);
    const { levels = Infinity } = this.#head;
    const isValue = (value: number): boolean =>
      levels === Infinity ? Number.isFinite(value) : Number.isInteger(value) && value >= 0 && value < levels;
    const entries = given.known.length;
    const wrong = given.values
      .dataSync()
      .find((value, index) => Boolean(given.known[index % entries]) && !isValue(value));
    if (wrong === undefined) return;
    throw new DomainError({
      where: 'AutoregressiveModel.sample',
      argument: 'given.values',
      expected: levels === Infinity ? 'to be finite' : `to be integers from 0 to ${levels - 1} where known`,
      actual: String(wrong),
    });
  }

  /** `[n, ...shape]` to `[n, D, ...variable]` in the order of the variables. */
  #toSequence(x: Tensor): Tensor {
    const flat = tf.reshape(x, [x.shape[0]!, this.numVariables, ...this.#head.eventShape]);
    return this.#order === undefined ? flat : tf.gather(flat, tf.tensor1d(this.#order, 'int32'), 1);
  }

  #fromSequence(sequence: Tensor): Tensor {
    const places = this.#order && tf.tensor1d(inverseOrder(this.#order), 'int32');
    const flat = places === undefined ? sequence : tf.gather(sequence, places, 1);
    return tf.reshape(flat, [sequence.shape[0]!, ...this.eventShape]);
  }

  #check(x: Tensor, { context }: CallOptions, method: string): void {
    checkShape(`AutoregressiveModel.${method}`, 'x', x, ['n', ...this.eventShape]);
    checkContext(`AutoregressiveModel.${method}`, context, {
      rows: x.shape[0]!,
      contextSize: this.contextSize,
    });
  }
}
