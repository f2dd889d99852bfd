import type { Tensor } from '@tensorflow/tfjs-core';
import type { CheckpointStore } from '../checkpoint/checkpoint-store';
import { ArgumentError } from '../errors/dgm-error';
import { validatedObjective, type GenerativeModel } from '../model/generative-model';
import type { Key } from '../random/key';
import type { Callback } from './callback';
import type { EarlyStoppingOptions } from './early-stopping';
import type { Engine } from './engine';
import type { AnyMakeBatch, Examples } from './examples';
import type { AverageOptions } from './model-step';
import type { OptimizerFactory } from './optimizer';

/** What a model is trained on; every `Dataset` is one. */
export interface TrainingData {
  readonly train: Examples;
  readonly validation?: Examples;
  /** Entries must be integers from 0 to `levels` - 1. */
  readonly levels?: number;
}

/** Where and how often the state of training is written. */
export interface CheckpointOptions {
  /** Training goes on from the newest good checkpoint in it; an empty store starts anew. */
  readonly store: CheckpointStore;
  readonly everySteps?: number;
  /** 1 unless `everySteps` is given. One more is written at the end, and when training is aborted. */
  readonly everyEpochs?: number;
}

export interface CommonFitOptions<B> {
  /** Decides the order of the data and all randomness of training. */
  readonly key: Key;
  /** One for all objectives, or one for each by its name. */
  readonly optimizer: OptimizerFactory | Readonly<Record<string, OptimizerFactory>>;
  /** The last batch of an epoch holds what is left. */
  readonly batchSize: number;
  readonly epochs: number;
  /** Stops after the step that reaches this wall-clock time, counted from this call. */
  readonly maxSeconds?: number;
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Largest joint norm of an objective's gradients. */
  readonly clipNorm?: number;
  /**
   * Keeps a moving average of the weights, which validation and the final model use: of all weights, or of those of some
   * objectives by their names (`{ generator: { decay: 0.999 } }`).
   */
  readonly ema?: AverageOptions | Readonly<Record<string, AverageOptions>>;
  readonly callbacks?: readonly Callback[];
  /** Any `AbortSignal`. Training finishes the step, writes a checkpoint and returns. */
  readonly signal?: { readonly aborted: boolean };
  readonly checkpoint?: CheckpointOptions;
  /** `eager()` unless given. */
  readonly engine?: Engine;
  /**
   * Returns a number to minimize, after each epoch. It must depend on nothing but the model and the context, otherwise a
   * resumed run differs. The engine is the one that trains, for `evaluate`.
   * @defaultValue the mean over the validation examples of the model's validated objective, if it has one
   */
  readonly validate?: (
    model: GenerativeModel<B>,
    context: { readonly epoch: number; readonly key: Key; readonly engine: Engine },
  ) => number | Promise<number>;
}

/** Makes batches out of examples; may be left out where objectives take the raw values `[n, ...shape]`. */
export type BatchOption<B> = Tensor extends B
  ? { readonly batch?: AnyMakeBatch<B> }
  : { readonly batch: AnyMakeBatch<B> };

export type FitOptions<B = Tensor> = CommonFitOptions<B> & BatchOption<B>;

/** @throws ArgumentError naming the first option that is out of its range */
export function checkFitOptions<B>(
  options: CommonFitOptions<B>,
  data: TrainingData,
  model: GenerativeModel<B>,
): void {
  atLeast(options.batchSize, 'batchSize', 1);
  atLeast(options.epochs, 'epochs', 0);
  atLeast(options.earlyStopping?.patience, 'earlyStopping.patience', 0);
  atLeast(options.earlyStopping?.from, 'earlyStopping.from', 1);
  atLeast(options.checkpoint?.everySteps, 'checkpoint.everySteps', 1);
  atLeast(options.checkpoint?.everyEpochs, 'checkpoint.everyEpochs', 1);
  inside(options.maxSeconds, 'maxSeconds', 0, Infinity);
  inside(options.clipNorm, 'clipNorm', 0, Infinity);
  if (options.earlyStopping === undefined || options.validate) return;
  const isValidated = validatedObjective(model) !== undefined;
  if (data.validation && isValidated) return;
  throw new ArgumentError({
    where: 'fit',
    argument: 'earlyStopping',
    expected: 'to come with something to validate on',
    actual: isValidated
      ? 'neither data.validation nor options.validate'
      : `a model (likelihood "${model.likelihoodKind}") whose losses do not say how good it is`,
    remedy: isValidated ? 'add validation examples' : 'give `validate`, which returns a number to minimize',
  });
}

function atLeast(value: number | undefined, argument: string, minimum: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= minimum)) return;
  throw new ArgumentError({
    where: 'fit',
    argument,
    expected: `to be an integer of at least ${minimum}`,
    actual: String(value),
  });
}

function inside(value: number | undefined, argument: string, low: number, high: number): void {
  if (value === undefined || (value > low && value < high)) return;
  throw new ArgumentError({
    where: 'fit',
    argument,
    expected: `to be in (${low}, ${high})`,
    actual: String(value),
  });
}
