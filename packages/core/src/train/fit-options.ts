import type { Tensor } from '@tensorflow/tfjs-core';
import { checkGiven, checkInteger, checkNumber, checkOptions, checkThat } from '../check/check';
import type { CheckpointStore } from '../checkpoint/checkpoint-store';
import { validatedObjective, type GenerativeModel } from '../model/generative-model';
import { checkKey, type Key } from '../random/key';
import type { Callback } from './fit-result';
import type { EarlyStoppingOptions } from './training-state';
import type { Engine } from './engine';
import { batchesPerEpoch } from './epoch-batches';
import type { AnyMakeBatch, Examples, ExampleSource } from './examples';
import type { AverageOptions } from './model-step';
import type { OptimizerFactory } from './optimizer';

/** The data for training; every `Dataset` is an instance. */
export interface TrainingData {
  /** Examples in memory, or a source that reads them piece by piece. */
  readonly train: Examples | ExampleSource;
  readonly validation?: Examples;
  /**
   * Entries must be integers from 0 to `levels` - 1.
   * @defaultValue the levels of the model, if it has them and takes the examples as they are
   */
  readonly levels?: number;
}

/** Where and how often the state of training is written. */
export interface CheckpointOptions {
  /** Training continues from the newest good checkpoint in it; an empty store starts anew. */
  readonly store: CheckpointStore;
  readonly everySteps?: number;
  /**
   * One more is written at the end, and when training is aborted.
   * @defaultValue 1 without `everySteps`
   */
  readonly everyEpochs?: number;
}

/** How training recovers from a loss or a weight that is not finite. */
export interface RecoverOptions {
  /**
   * The maximum number of times that training goes back to the end of the last epoch and continues with other
   * randomness.
   */
  readonly attempts: number;
}

export interface CommonFitOptions<B> {
  /** Determines the order of the data and all randomness of training. */
  readonly key: Key;
  /** One optimizer for all objectives, or one per objective by name. */
  readonly optimizer: OptimizerFactory | Readonly<Record<string, OptimizerFactory>>;
  readonly batchSize: number;
  /**
   * Leaves out the last batch of an epoch where it is smaller than `batchSize`.
   * @defaultValue false
   */
  readonly dropLast?: boolean;
  readonly epochs: number;
  /** Stops after the step that reaches this wall-clock time, counted from this call. */
  readonly maxSeconds?: number;
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Largest joint norm of an objective's gradients. */
  readonly clipNorm?: number;
  /**
   * Keeps a moving average of the weights, which validation and the final model use: of all weights, or of the
   * weights of some objectives by name (`{ generator: { decay: 0.999 } }`).
   */
  readonly ema?: AverageOptions | Readonly<Record<string, AverageOptions>>;
  /** Continues after a loss or a weight that is not finite. Without this option training ends with a NumericalError. */
  readonly recover?: RecoverOptions;
  readonly callbacks?: readonly Callback[];
  /** Any `AbortSignal`. Training finishes the step, writes a checkpoint and returns. */
  readonly signal?: { readonly aborted: boolean };
  readonly checkpoint?: CheckpointOptions;
  /** @defaultValue `eager()` */
  readonly engine?: Engine;
  /**
   * Called after each epoch; returns a number to minimize. It must depend only on the model and the context, or a
   * resumed run would differ. `engine` is the engine of the training, for use with `evaluate`.
   * @defaultValue the mean over the validation examples of the model's validated objective, if it has one
   */
  validate?(
    model: GenerativeModel<B>,
    context: { readonly epoch: number; readonly key: Key; readonly engine: Engine },
  ): number | Promise<number>;
  /**
   * Validates after every `validateEvery`-th epoch and after the last one. Early stopping counts validations, not epochs.
   * @defaultValue 1
   */
  readonly validateEvery?: number;
}

/** Makes batches out of examples; may be left out where the model takes the raw values `[n, ...shape]`. */
export type BatchOption<B> = Tensor extends B
  ? { readonly batch?: AnyMakeBatch<B> }
  : { readonly batch: AnyMakeBatch<B> };

export type FitOptions<B = Tensor> = CommonFitOptions<B> & BatchOption<B>;

const OPTIONS: readonly (keyof CommonFitOptions<unknown> | 'batch')[] = [
  'key',
  'optimizer',
  'batch',
  'batchSize',
  'dropLast',
  'epochs',
  'maxSeconds',
  'earlyStopping',
  'clipNorm',
  'ema',
  'recover',
  'callbacks',
  'signal',
  'checkpoint',
  'engine',
  'validate',
  'validateEvery',
];

/** @throws ArgumentError naming the first option that is unknown, missing or out of its range */
export function checkFitOptions<B>(
  options: CommonFitOptions<B>,
  data: TrainingData,
  model: GenerativeModel<B>,
): void {
  checkOptions('fit', options, OPTIONS);
  checkKey('fit', options.key);
  checkGiven('fit', 'optimizer', options.optimizer, 'to be an optimizer such as adam()');
  const { earlyStopping, checkpoint, recover } = options;
  checkInteger('fit', 'batchSize', options.batchSize);
  checkInteger('fit', 'epochs', options.epochs, { min: 0 });
  checkInteger('fit', 'validateEvery', options.validateEvery ?? 1);
  if (options.maxSeconds !== undefined) checkNumber('fit', 'maxSeconds', options.maxSeconds, { above: 0 });
  if (options.clipNorm !== undefined) checkNumber('fit', 'clipNorm', options.clipNorm, { above: 0 });
  if (recover) {
    checkOptions('fit', recover, ['attempts']);
    checkInteger('fit', 'recover.attempts', recover.attempts);
  }
  if (checkpoint) {
    checkOptions('fit', checkpoint, ['store', 'everySteps', 'everyEpochs']);
    checkGiven('fit', 'checkpoint.store', checkpoint.store, 'to be a store such as memoryStore()');
    const { everySteps = 1, everyEpochs = 1 } = checkpoint;
    checkInteger('fit', 'checkpoint.everySteps', everySteps);
    checkInteger('fit', 'checkpoint.everyEpochs', everyEpochs);
  }
  checkGiven('fit', 'data', data, 'to be training data: { train, validation }');
  checkGiven('fit', 'train', data.train, 'to be examples: { count, shape, values }');
  const batches = batchesPerEpoch(data.train, { batchSize: options.batchSize, dropLast: !!options.dropLast });
  checkThat('fit', 'batchSize', batches !== 0 || data.train.count === 0, {
    expected: `to be at most the ${data.train.count} examples, with dropLast`,
    actual: String(options.batchSize),
  });
  if (earlyStopping) checkEarlyStopping(earlyStopping, options, data, model);
}

function checkEarlyStopping<B>(
  earlyStopping: EarlyStoppingOptions,
  { validate }: CommonFitOptions<B>,
  data: TrainingData,
  model: GenerativeModel<B>,
): void {
  checkOptions('fit', earlyStopping, ['patience', 'from']);
  checkInteger('fit', 'earlyStopping.patience', earlyStopping.patience, { min: 0 });
  checkInteger('fit', 'earlyStopping.from', earlyStopping.from ?? 1);
  if (validate) return;
  const isValidated = validatedObjective(model) !== undefined;
  checkThat('fit', 'earlyStopping', data.validation && isValidated, {
    expected: 'to come with something to validate on',
    actual: isValidated
      ? 'neither data.validation nor options.validate'
      : `a model (likelihood "${model.likelihoodKind}") whose losses do not say how good it is`,
    remedy: isValidated ? 'add validation examples' : 'give `validate`, which returns a number to minimize',
  });
}
