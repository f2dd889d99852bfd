import type { Tensor } from '@tensorflow/tfjs-core';
import { registerGradients } from '../engine/gradients';
import { checkAlive, reserve } from '../engine/busy';
import { requireEngine } from '../engine/require-engine';
import { ShapeError } from '../errors/dgm-error';
import type { GenerativeModel } from '../model/generative-model';
import { formatShape, sameShape, type Shape } from '../shape/shape';
import { checkExamples } from './check-examples';
import { gatherExamples, isSource, type AnyMakeBatch, type ExampleSource } from './examples';
import { checkFitOptions, type FitOptions, type TrainingData } from './fit-options';
import type { FitResult } from './fit-result';
import { TrainingRun } from './training-run';

/**
 * Trains a model: shuffled batches, one optimizer per objective, validation after each epoch, early stopping, checkpoints.
 *
 * The key determines everything: two runs with the same key give identical bits, and a run that was interrupted at
 * any step and called again with the same arguments ends with the bits of an uninterrupted one.
 *
 * With validation data the model ends up with the weights of its best epoch (averaged ones, if `ema` is given),
 * judged by `validate`, or else by the objective that the model declares as validated. A model whose losses do not
 * measure its quality (a GAN, an energy-based model) keeps its last weights unless `validate` is given.
 *
 * @param model - trained in place
 * @param data - examples, such as a `Dataset`
 * @returns the course of training; losses are in the unit of the objectives (nats per example for likelihoods)
 * @throws ArgumentError, ShapeError or DomainError for options and data that cannot be trained on
 * @throws EngineError if TensorFlow.js has no backend
 * @throws NumericalError if a loss or a weight is not finite, naming the step and the term; the model then has its best
 * weights so far, or those that it came with
 * @throws StateError if the model was disposed of, or another `fit` is training it
 * @throws SerializationError if the store's checkpoints are damaged or belong to another run
 *
 * @example
 * ```ts
 * const result = await fit(model, digits, {
 *   key: Key.of(0),
 *   optimizer: adamax({ learningRate: 1e-3 }),
 *   batchSize: 64,
 *   epochs: 200,
 *   earlyStopping: { patience: 20 },
 * });
 * ```
 */
export async function fit<B = Tensor>(
  model: GenerativeModel<B>,
  data: TrainingData,
  options: FitOptions<B>,
): Promise<FitResult> {
  checkAlive('fit', model.parameters());
  checkFitOptions<B>(options, data, model);
  // With a batch maker of its own, a model need not take examples in the shape in which they are stored.
  const { batch } = options as { readonly batch?: AnyMakeBatch<B> };
  const shape = batch === undefined ? model.eventShape : undefined;
  const { train, validation, levels = batch ? undefined : model.levels } = data;
  if (isSource(train)) checkSource(train, shape);
  else checkExamples(train, { where: 'fit', argument: 'train', levels, shape });
  if (!isSource(train) && train.labels) {
    for (const objective of model.objectives()) objective.checkLabels?.(train.labels);
  }
  if (validation) checkExamples(validation, { where: 'fit', argument: 'validation', levels, shape });
  registerGradients();
  requireEngine('fit');
  const release = reserve('fit', model.parameters().values());
  try {
    // FitOptions lets `batch` be missing only where B is Tensor.
    const make = batch ?? (gatherExamples as unknown as AnyMakeBatch<B>);
    const run = new TrainingRun(model, data, options, { batch: make, levels });
    try {
      return await run.toTheEnd();
    } finally {
      run.dispose();
    }
  } finally {
    release();
  }
}

function checkSource(source: ExampleSource, shape: Shape | undefined): void {
  if (shape === undefined || sameShape(shape, source.shape)) return;
  throw new ShapeError({
    where: 'fit',
    argument: 'train',
    expected: `of shape ${formatShape(shape)} each`,
    actual: formatShape(source.shape),
    remedy: "give the model the data's shape, or reshape the data",
  });
}
