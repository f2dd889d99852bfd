import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, checkOptions, checkThat } from '../check/check';
import { registerGradients } from '../engine/gradients';
import { requireEngine } from '../engine/require-engine';
import { NumericalError, StateError, UnsupportedError } from '../errors/dgm-error';
import { bitsPerDim } from '../metrics/units';
import type {
  BoundModel,
  EnergyModel,
  GenerativeModel,
  LikelihoodModel,
  PartitionEstimate,
} from '../model/generative-model';
import type { SamplingLoop } from '../model/sampling-loop';
import { checkKey, type Key } from '../random/key';
import { sizeOf } from '../shape/shape';
import { checkExamples } from './check-examples';
import { eager } from './eager';
import type { BatchFunction, BatchLoop, Engine, PreparedFunction } from './engine';
import { allRows, batchRows, gatherExamples, type AnyMakeBatch, type Examples } from './examples';
import type { BatchOption } from './fit-options';
import { DrawAverages, ExampleMean, WeightAverages, type Averages } from './likelihood-estimate';
import { pause } from './pause';

export interface EvaluateOptions {
  readonly key: Key;
  /**
   * Changes the draws, not what they estimate.
   * @defaultValue 64
   */
  readonly batchSize?: number;
  /**
   * Draws per example of a lower bound, and of an exact likelihood that is itself a random estimate. With 1, the standard
   * error is only an upper limit.
   * @defaultValue 8 for a bound, none for an exact likelihood
   */
  readonly numSamples?: number;
  /** Estimates the log-likelihood of a bound model with this many importance samples per example, at least 2. */
  readonly importanceSamples?: number;
  /**
   * The standard error that is wanted, in nats: more draws are taken, up to `maxSamples` per example, until it is reached.
   * The first pass takes `numSamples` or `importanceSamples`.
   */
  readonly standardError?: number;
  /**
   * The largest number of draws per example for `standardError`.
   * @defaultValue 1024, or the draws of the first pass if they are more
   */
  readonly maxSamples?: number;
  /**
   * The logarithm of the normalizer of an unnormalized model.
   * @defaultValue what the model's own method `partition` estimates
   */
  readonly partition?: PartitionEstimate;
  /**
   * Examples times draws that the model sees at once, which limits the memory.
   * @defaultValue 4096
   */
  readonly maxRows?: number;
  /**
   * The number of values of discrete data, to check them.
   * @defaultValue that of the model
   */
  readonly levels?: number;
  /** @defaultValue `eager()` */
  readonly engine?: Engine;
  /** Any `AbortSignal`; an aborted evaluation throws. */
  readonly signal?: { readonly aborted: boolean };
  /** Called after each batch. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

/** How far an evaluation is. It goes over the examples in passes, each with more draws. */
export interface EvaluationProgress {
  /** Examples that are done in this pass. */
  readonly done: number;
  readonly count: number;
  /** Draws per example after this pass. */
  readonly numSamples: number;
}

const OPTIONS: readonly (keyof EvaluateOptions | 'batch')[] = [
  'key',
  'batch',
  'batchSize',
  'numSamples',
  'importanceSamples',
  'standardError',
  'maxSamples',
  'partition',
  'maxRows',
  'levels',
  'engine',
  'signal',
  'onProgress',
];

/** How well a model explains examples. Lower is better. */
export interface Evaluation {
  /** Mean of minus the log-likelihood, or of its bound or estimate, per example. */
  readonly nats: number;
  /**
   * Standard deviation of `nats` over repetitions with other draws and these same examples: 0 for an exact likelihood.
   * It says nothing about how other examples would do.
   */
  readonly standardError: number;
  /** `nats` in bits, per entry of an example. */
  readonly bitsPerDim: number;
  /**
   * What `nats` is: the negative log-likelihood; an upper bound on it; an estimate of it by importance sampling, which is
   * pessimistic on average and approaches it as the samples grow; or an estimate through an estimated normalizer, which may
   * err to either side.
   */
  readonly kind: 'exact' | 'lower-bound' | 'importance-sampled' | 'estimate';
  /**
   * What the likelihood is: the `probability` of discrete data, whose nats cannot be negative; the `density` of real data,
   * whose nats depend on the unit of the data; or `dequantized`, a bound on the probability of discrete data through the
   * density of data with noise. Nats of one measure cannot be compared with those of another, except for a probability with a
   * dequantized bound on it.
   */
  readonly measure: LikelihoodMeasure;
  /** Where `nats` lies with 95 % confidence; only with the kind `estimate`. */
  readonly interval?: readonly [number, number];
  /** Draws per example; 0 for an exact likelihood. */
  readonly numSamples: number;
  readonly count: number;
}

/** What a likelihood is of: values of discrete data, real numbers, or discrete data plus noise. */
export type LikelihoodMeasure = 'probability' | 'density' | 'dequantized';

/** What `evaluate` may ask of a model: at least one of these. */
interface Evaluated<X> {
  logProb?(x: X, key?: Key): Tensor;
  elbo?(x: X, key: Key): Tensor;
  elboLoop?(x: X): SamplingLoop;
  logWeights?(x: X, key: Key, numSamples: number): Tensor;
  energy?(x: X): Tensor;
}

/**
 * The likelihood protocol of all families: the mean over examples of minus the log-likelihood, in nats per example and
 * in bits per dimension, added up in doubles, with what kind of number it is and how much of it is noise of the draws.
 *
 * @param model - with an exact likelihood (`logProb`), with a bound (`elbo`, and `logWeights` for importance sampling), or
 * with an energy and an estimate of its normalizer
 * @param examples - of the model's event shape; with the option `batch`, whatever it makes the model's input of
 * @throws UnsupportedError if the model has none of these
 * @throws ArgumentError, ShapeError or DomainError for options and examples that the model cannot be evaluated with
 * @throws EngineError if TensorFlow.js has no backend
 * @throws NumericalError if a likelihood is NaN or infinite, naming the row, or if discrete data get more than all probability
 * @throws StateError if `signal` was aborted
 * @see DGM §4.3 for the bound
 */
export async function evaluate<B = Tensor, X = Tensor>(
  model: GenerativeModel<B> & Evaluated<X>,
  examples: Examples,
  options: EvaluateOptions & BatchOption<X>,
): Promise<Evaluation> {
  checkEvaluateOptions(options);
  const { batch, ...rest } = options as EvaluateOptions & { readonly batch?: AnyMakeBatch<X> };
  const { batchSize = 64, key, levels = batch ? undefined : model.levels } = rest;
  const shape = batch === undefined ? model.eventShape : undefined;
  checkExamples(examples, { where: 'evaluate', levels, shape });
  const protocol = protocolFor<X>(model, rest);
  registerGradients();
  requireEngine('evaluate');
  // The option may be missing only where X is Tensor.
  const make = batch ?? (gatherExamples as unknown as AnyMakeBatch<X>);
  const prepared = new PreparedByDraws<X>(rest.engine ?? eager(), protocol.measure);
  const rows = allRows(examples.count);
  const parts = Array.from({ length: Math.ceil(examples.count / batchSize) }, (_, index) => {
    const part = batchRows(rows, batchSize, index);
    return { rows: part, key: key.fold(index), averages: protocol.averages(part.length) };
  });
  try {
    let [done, numSamples] = [0, protocol.numSamples];
    for (;;) {
      for (const part of parts) {
        if (rest.signal?.aborted) throw aborted();
        const x = await make(examples, part.rows, { key: part.key.fold('batch'), training: false });
        try {
          await protocol.draw((drawKey, draws) => prepared.run(x, drawKey, draws), part, done, numSamples);
        } finally {
          tf.dispose(x as tf.TensorContainer);
        }
        checkFinite(part.averages.estimates().values, part.rows[0]!);
        const finished = part.rows[0]! + part.rows.length;
        rest.onProgress?.({ done: finished, count: examples.count, numSamples });
        await pause();
      }
      const { mean, standardError } = summarize(parts.map(({ averages }) => averages));
      const wanted = drawsFor(standardError, numSamples, rest);
      if (wanted === numSamples) return await evaluation(model, { mean, standardError, numSamples });
      [done, numSamples] = [numSamples, wanted];
    }
  } finally {
    prepared.dispose();
  }

  async function evaluation(
    { eventShape, levels: ofModel, isDequantized }: GenerativeModel<B>,
    { mean, standardError, numSamples }: { mean: number; standardError: number; numSamples: number },
  ): Promise<Evaluation> {
    const partition = protocol.partition && (await protocol.partition());
    const nats = (partition?.logPartition ?? 0) - mean;
    const error = Math.hypot(standardError, partition?.standardError ?? 0);
    const measure =
      ofModel === undefined ? 'density' : isDequantized ? 'dequantized' : ('probability' as const);
    if (measure !== 'density') checkProbability(nats, error, sizeOf(eventShape));
    const interval = partition && partition.interval.map((end) => nats - partition.logPartition + end);
    return {
      nats,
      standardError: error,
      bitsPerDim: bitsPerDim(nats, sizeOf(eventShape)),
      kind: partition?.kind ?? protocol.kind,
      measure,
      ...(partition?.kind === 'estimate' && { interval: interval as unknown as readonly [number, number] }),
      numSamples,
      count: examples.count,
    };
  }
}

/** `draws` numbers for each example of one batch. */
type Ask = (key: Key, draws: number) => Promise<Float32Array>;

/** One batch of examples with what was drawn for it so far. */
interface Part {
  readonly rows: Int32Array;
  readonly key: Key;
  readonly averages: Averages;
}

interface Protocol<X> {
  readonly kind: Evaluation['kind'];
  /** Draws per example in the first pass. */
  readonly numSamples: number;
  /** What is measured with so many draws. */
  measure(draws: number): BatchFunction<X> | BatchLoop<X>;
  averages(count: number): Averages;
  /** Adds the draws from number `done` up to `numSamples`. */
  draw(ask: Ask, part: Part, done: number, numSamples: number): Promise<void>;
  partition?(): Promise<PartitionEstimate>;
}

function protocolFor<X>(model: GenerativeModel<never>, options: EvaluateOptions): Protocol<X> {
  const { importanceSamples, numSamples, maxRows = 4096, key } = options;
  const byOne = { averages: (count: number) => new DrawAverages(count), draw: oneByOne };
  if (model.likelihoodKind === 'exact' && importanceSamples === undefined) {
    const { logProb } = model as LikelihoodModel<never, X>;
    const measure = (): BatchFunction<X> => (x, drawKey) => logProb.call(model, x, drawKey);
    return numSamples === undefined
      ? { ...byOne, kind: 'exact', numSamples: 0, measure, draw: once }
      : { ...byOne, kind: 'exact', numSamples, measure };
  }
  if (model.likelihoodKind === 'lower-bound') {
    const bound = model as BoundModel<never, X>;
    if (importanceSamples === undefined) {
      return {
        ...byOne,
        kind: 'lower-bound',
        numSamples: numSamples ?? 8,
        measure: () =>
          bound.elboLoop === undefined
            ? (x, drawKey) => bound.elbo(x, drawKey)
            : { loop: (x) => bound.elboLoop!(x) },
      };
    }
    if (bound.logWeights !== undefined) {
      return {
        kind: 'importance-sampled',
        numSamples: importanceSamples,
        measure: (draws) => (x, drawKey) => bound.logWeights!(x, drawKey, draws),
        averages: (count) => new WeightAverages(count),
        draw: inChunks(maxRows),
      };
    }
  }
  if (model.likelihoodKind === 'unnormalized' && importanceSamples === undefined) {
    const energy = model as EnergyModel<never, X>;
    const { partition } = options;
    if (partition !== undefined || energy.partition !== undefined) {
      return {
        ...byOne,
        kind: 'estimate',
        numSamples: 0,
        measure: () => (x) => tf.tidy(() => tf.neg(energy.energy(x))),
        draw: once,
        partition: () => Promise.resolve(partition ?? energy.partition!(key.fold('partition'))),
      };
    }
  }
  throw refusal(model.likelihoodKind, importanceSamples !== undefined);
}

function refusal(likelihoodKind: string, isImportanceSampled: boolean): UnsupportedError {
  const isEnergy = likelihoodKind === 'unnormalized';
  return new UnsupportedError({
    where: 'evaluate',
    argument: 'model',
    expected: `to have ${isImportanceSampled ? 'logWeights' : isEnergy ? 'partition' : 'logProb or elbo'}`,
    actual: `likelihood "${likelihoodKind}"`,
    remedy: isImportanceSampled
      ? 'leave importanceSamples out'
      : isEnergy
        ? 'estimate the logarithm of its normalizer and pass it as the option partition'
        : 'compare it by its samples',
  });
}

/** A likelihood without draws. */
async function once(ask: Ask, { key, averages }: Part): Promise<void> {
  averages.add(await ask(key, 1));
  averages.isExact = true;
}

async function oneByOne(ask: Ask, { key, averages }: Part, done: number, numSamples: number): Promise<void> {
  for (let draw = done; draw < numSamples; draw++) averages.add(await ask(key.fold(draw), 1));
}

function inChunks(maxRows: number): Protocol<never>['draw'] {
  return async (ask, { rows: { length: count }, key, averages }, done, numSamples) => {
    const chunk = Math.max(1, Math.floor(maxRows / count));
    for (let at = done; at < numSamples; at += chunk) {
      const draws = Math.min(chunk, numSamples - at);
      const weights = await ask(key.fold(at), draws);
      for (let draw = 0; draw < draws; draw++)
        averages.add(weights.subarray(draw * count, (draw + 1) * count));
      await pause();
    }
  };
}

function summarize(parts: readonly Averages[]): { mean: number; standardError: number } {
  const mean = new ExampleMean();
  for (const averages of parts) {
    const { values, variances } = averages.estimates();
    mean.add(values, variances);
  }
  return mean.summary();
}

/** How many draws per example the wanted standard error takes: it falls with their square root. */
function drawsFor(
  error: number,
  numSamples: number,
  { standardError, maxSamples = 1024 }: EvaluateOptions,
): number {
  if (standardError === undefined || error <= standardError) return numSamples;
  const wanted = Math.ceil(1.05 * numSamples * (error / standardError) ** 2);
  return Math.max(numSamples, Math.min(maxSamples, wanted));
}

/** A measure of a number of draws on an engine: one for each such number, because shapes depend on it. */
class PreparedByDraws<X> {
  readonly #engine: Engine;
  readonly #measure: Protocol<X>['measure'];
  readonly #prepared = new Map<number, PreparedFunction<X>>();

  constructor(engine: Engine, measure: Protocol<X>['measure']) {
    this.#engine = engine;
    this.#measure = measure;
  }

  async run(x: X, key: Key, draws: number): Promise<Float32Array> {
    const known = this.#prepared.get(draws);
    if (known !== undefined) return known.run(x, key);
    const prepared = await this.#engine.prepareFunction<X>(this.#measure(draws));
    this.#prepared.set(draws, prepared);
    return prepared.run(x, key);
  }

  dispose(): void {
    for (const prepared of this.#prepared.values()) prepared.dispose();
  }
}

function checkFinite(values: ArrayLike<number>, firstRow: number): void {
  for (let index = 0; index < values.length; index++) {
    if (Number.isFinite(values[index])) continue;
    throw new NumericalError({
      where: 'evaluate',
      argument: `log-likelihood of row ${firstRow + index}`,
      expected: 'to be finite',
      actual: String(values[index]),
      remedy: 'check that the row lies in the support of the model',
    });
  }
}

/** Discrete data have a probability of at most 1; what is left of that is rounding and noise of the draws. */
function checkProbability(nats: number, standardError: number, dims: number): void {
  if (nats >= -(4 * standardError + 1e-4 + 1e-6 * dims)) return;
  throw new NumericalError({
    where: 'evaluate',
    argument: 'nats of discrete data',
    expected: 'to be at least 0, because a probability is at most 1',
    actual: `${nats} with a standard error of ${standardError}`,
    remedy: 'check that the prior and the posterior of the model are densities on the same space',
  });
}

function aborted(): StateError {
  return new StateError({
    where: 'evaluate',
    argument: 'signal',
    expected: 'to stay open',
    actual: 'aborted',
  });
}

function checkEvaluateOptions(options: EvaluateOptions): void {
  checkOptions('evaluate', options, OPTIONS);
  checkKey('evaluate', options.key);
  const minimum = { batchSize: 1, numSamples: 1, maxSamples: 1, maxRows: 1, importanceSamples: 2 } as const;
  for (const name of Object.keys(minimum) as (keyof typeof minimum)[]) {
    if (options[name] !== undefined) checkInteger('evaluate', name, options[name], { min: minimum[name] });
  }
  const { standardError, levels, numSamples, importanceSamples } = options;
  if (standardError !== undefined) checkNumber('evaluate', 'standardError', standardError, { above: 0 });
  if (levels !== undefined) checkInteger('evaluate', 'levels', levels);
  checkThat('evaluate', 'options', numSamples === undefined || importanceSamples === undefined, {
    expected: 'to hold numSamples or importanceSamples',
    actual: 'both',
  });
}
