import type { Tensor } from '@tensorflow/tfjs-core';
import { registerGradients } from '../engine/gradients';
import { requireEngine } from '../engine/require-engine';
import { ArgumentError, NumericalError, UnsupportedError } from '../errors/dgm-error';
import { bitsPerDim } from '../metrics/units';
import type { BoundModel, GenerativeModel, LikelihoodModel } from '../model/generative-model';
import type { Key } from '../random/key';
import { sizeOf } from '../shape/shape';
import { checkExamples } from './check-examples';
import { eager } from './eager';
import type { Engine, PreparedMeasure } from './engine';
import { allRows, batchRows, gatherExamples, type Examples } from './examples';
import { DrawAverages, ExampleMean, WeightAverages } from './likelihood-estimate';
import { pause } from './pause';

export interface EvaluateOptions {
  readonly key: Key;
  /** 64 unless given; changes the draws, not what they estimate. */
  readonly batchSize?: number;
  /** Draws per example of a lower bound; 8 unless given. With 1, the standard error is only an upper limit. */
  readonly numSamples?: number;
  /** Estimates the log-likelihood of a bound model with this many importance samples per example, at least 2. */
  readonly importanceSamples?: number;
  /** Examples times draws that the model sees at once, which limits the memory; 4096 unless given. */
  readonly maxRows?: number;
  /** The number of values of discrete data, to check them. */
  readonly levels?: number;
  /** `eager()` unless given. */
  readonly engine?: Engine;
}

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
   * What `nats` is: the negative log-likelihood; an upper bound on it; or an estimate of it, which is
   * pessimistic on average and approaches it as the samples grow.
   */
  readonly kind: 'exact' | 'lower-bound' | 'importance-sampled';
  /** Draws per example; 0 for an exact likelihood. */
  readonly numSamples: number;
  readonly count: number;
}

/** Values and the variances that they have because of random draws, one per example of a batch. */
type Estimates = { readonly values: ArrayLike<number>; readonly variances: ArrayLike<number> };

/** What the estimates are made of: `draws` numbers for each of the examples `x` `[n, ...event]`. */
type Ask = (x: Tensor, key: Key, draws: number) => Promise<Float32Array>;

/**
 * The likelihood protocol of all families: the mean over examples of minus the log-likelihood, in nats per example and
 * in bits per dimension, added up in doubles, with what kind of number it is and how much of it is noise of the draws.
 *
 * @param model - with an exact likelihood (`logProb`), or with a bound (`elbo`, and `logWeights` for importance sampling)
 * @param examples - of the model's event shape
 * @throws UnsupportedError if the model has neither
 * @throws EngineError if TensorFlow.js has no backend
 * @throws NumericalError if a likelihood is NaN or infinite, naming the row
 * @see DGM §4.3 for the bound
 */
export async function evaluate<B>(
  model: GenerativeModel<B>,
  examples: Examples,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { batchSize = 64, levels } = options;
  checkOptions(options);
  checkExamples(examples, { where: 'evaluate', levels, shape: model.eventShape });
  const { kind, numSamples, measure, estimate } = protocolFor(model, options);
  registerGradients();
  requireEngine('evaluate');
  const prepared = new PreparedByDraws(options.engine ?? eager(), measure);
  const ask: Ask = (x, key, draws) => prepared.run(x, key, draws);
  const mean = new ExampleMean();
  try {
    for (let batch = 0; batch * batchSize < examples.count; batch++) {
      const x = gatherExamples(examples, batchRows(allRows(examples.count), batchSize, batch));
      try {
        const { values, variances } = await estimate(ask, x, options.key.fold(batch));
        checkFinite(values, batch * batchSize);
        mean.add(values, variances);
      } finally {
        x.dispose();
      }
      await pause();
    }
  } finally {
    prepared.dispose();
  }
  const { mean: logLikelihood, standardError } = mean.summary();
  const nats = -logLikelihood;
  const dims = sizeOf(examples.shape);
  return { nats, standardError, bitsPerDim: bitsPerDim(nats, dims), kind, numSamples, count: examples.count };
}

interface Protocol {
  readonly kind: Evaluation['kind'];
  readonly numSamples: number;
  measure(x: Tensor, key: Key, draws: number): Tensor;
  estimate(ask: Ask, x: Tensor, key: Key): Promise<Estimates>;
}

function protocolFor<B>(model: GenerativeModel<B>, options: EvaluateOptions): Protocol {
  const { importanceSamples, numSamples = 8, maxRows = 4096 } = options;
  if (model.likelihoodKind === 'exact' && importanceSamples === undefined) {
    const measure: Protocol['measure'] = (x, key) => (model as LikelihoodModel<B>).logProb(x, key);
    return { kind: 'exact', numSamples: 0, measure, estimate: exact };
  }
  if (model.likelihoodKind === 'lower-bound') {
    const bound = model as BoundModel<B>;
    if (importanceSamples === undefined) {
      return {
        kind: 'lower-bound',
        numSamples,
        measure: (x, key) => bound.elbo(x, key),
        estimate: (ask, x, key) => lowerBound(ask, x, key, numSamples),
      };
    }
    if (bound.logWeights !== undefined) {
      return {
        kind: 'importance-sampled',
        numSamples: importanceSamples,
        measure: (x, key, draws) => bound.logWeights!(x, key, draws),
        estimate: (ask, x, key) => importanceSampled(ask, x, key, { numSamples: importanceSamples, maxRows }),
      };
    }
  }
  const wanted = importanceSamples === undefined ? 'logProb or elbo' : 'logWeights';
  throw new UnsupportedError({
    where: 'evaluate',
    argument: 'model',
    expected: `to have ${wanted}`,
    actual: `likelihoodKind "${model.likelihoodKind}"`,
    remedy: importanceSamples === undefined ? 'compare it by its samples' : 'leave importanceSamples out',
  });
}

async function exact(ask: Ask, x: Tensor, key: Key): Promise<Estimates> {
  const values = await ask(x, key, 1);
  return { values, variances: new Float64Array(values.length) };
}

async function lowerBound(ask: Ask, x: Tensor, key: Key, numSamples: number): Promise<Estimates> {
  const averages = new DrawAverages(x.shape[0]!);
  for (let draw = 0; draw < numSamples; draw++) averages.add(await ask(x, key.fold(draw), 1));
  return averages.estimates();
}

async function importanceSampled(
  ask: Ask,
  x: Tensor,
  key: Key,
  { numSamples, maxRows }: { readonly numSamples: number; readonly maxRows: number },
): Promise<Estimates> {
  const count = x.shape[0]!;
  const averages = new WeightAverages(count);
  const chunk = Math.max(1, Math.floor(maxRows / count));
  for (let done = 0; done < numSamples; done += chunk) {
    const draws = Math.min(chunk, numSamples - done);
    const weights = await ask(x, key.fold(done), draws);
    for (let draw = 0; draw < draws; draw++) averages.add(weights.subarray(draw * count, (draw + 1) * count));
    await pause();
  }
  return averages.estimates();
}

/** A measure of a number of draws on an engine: one for each such number, because shapes depend on it. */
class PreparedByDraws {
  readonly #engine: Engine;
  readonly #measure: Protocol['measure'];
  readonly #prepared = new Map<number, PreparedMeasure<Tensor>>();

  constructor(engine: Engine, measure: Protocol['measure']) {
    this.#engine = engine;
    this.#measure = measure;
  }

  async run(x: Tensor, key: Key, draws: number): Promise<Float32Array> {
    const known = this.#prepared.get(draws);
    if (known !== undefined) return known.run(x, key);
    const prepared = await this.#engine.prepareMeasure<Tensor>((batch, root) =>
      this.#measure(batch, root, draws),
    );
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

function checkOptions({ batchSize, numSamples, importanceSamples, maxRows }: EvaluateOptions): void {
  const checks = { batchSize: [batchSize, 1], numSamples: [numSamples, 1], maxRows: [maxRows, 1] } as const;
  for (const [argument, [value, minimum]] of Object.entries({
    ...checks,
    importanceSamples: [importanceSamples, 2] as const,
  })) {
    if (value === undefined || (Number.isSafeInteger(value) && value >= minimum)) continue;
    const expected = `to be an integer of at least ${minimum}`;
    throw new ArgumentError({ where: 'evaluate', argument, expected, actual: String(value) });
  }
}
