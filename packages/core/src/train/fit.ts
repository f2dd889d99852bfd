import type { Tensor } from '@tensorflow/tfjs-core';
import { registerGradients } from '../engine/gradients';
import { requireEngine } from '../engine/require-engine';
import type { GenerativeModel } from '../model/generative-model';
import { checkExamples } from './check-examples';
import { gatherExamples, type AnyMakeBatch } from './examples';
import { checkFitOptions, type FitOptions, type TrainingData } from './fit-options';
import type { FitResult } from './fit-result';
import { TrainingRun } from './training-run';

/**
 * Trains a model: shuffled batches, one optimizer per objective, validation after each epoch, early stopping, checkpoints.
 *
 * The key decides everything: two runs with one key give the same bits, and a run that was interrupted at any step and
 * called again with the same arguments ends with the bits of an uninterrupted one.
 *
 * With validation data the model ends up with the weights of its best epoch (averaged ones, if `ema` is given), judged by
 * `validate`, or else by the objective that the model declares as validated. A model whose losses do not say how good it is
 * (a GAN, an energy-based model) keeps its last weights unless `validate` is given.
 *
 * @param model - trained in place
 * @param data - examples; a `Dataset` will do
 * @returns how it went; losses in the unit of the objectives (nats per example for likelihoods)
 * @throws ArgumentError, ShapeError or DomainError for options and data that cannot be trained on
 * @throws EngineError if TensorFlow.js has no backend
 * @throws NumericalError if a loss is not finite, naming the step and the term; the model then has its best weights so
 * far, or those that it came with
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
  checkFitOptions<B>(options, data, model);
  // With a batch maker of its own, a model need not take examples in the shape in which they are stored.
  const { batch } = options as { readonly batch?: AnyMakeBatch<B> };
  const shape = batch === undefined ? model.eventShape : undefined;
  const { train, validation, levels = batch ? undefined : model.levels } = data;
  checkExamples(train, { where: 'fit', argument: 'train', levels, shape });
  if (validation) checkExamples(validation, { where: 'fit', argument: 'validation', levels, shape });
  registerGradients();
  requireEngine('fit');
  // FitOptions lets `batch` be missing only where B is Tensor.
  const run = new TrainingRun(model, data, options, batch ?? (gatherExamples as unknown as AnyMakeBatch<B>));
  try {
    return await run.toTheEnd();
  } finally {
    run.dispose();
  }
}
