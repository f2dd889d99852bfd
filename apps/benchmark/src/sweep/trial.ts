import { countParameters, Key, loadWeights, NumericalError, saveWeights } from '@dgm/core';
import type { Candidate } from '../families';
import { defined } from '../command-line/command-line';
import type { Experiment } from '../recipes/shared/recipe';
import type { Chosen, Trial, TrialResult } from '../results/sweep';
import { evaluateLikelihood, isEvaluated, scoreOf } from '../run/measure-model';
import { describeOptimizer, summarizeTraining, trainExperiment, type FitContext } from '../run/train-model';
import { createExperiment } from './hyperparameters';

/** One training that is to be done. */
export interface TrialTask extends Pick<Trial, 'number' | 'settings' | 'seed'> {
  readonly candidate: Candidate;
}

export interface TrialContext extends FitContext {
  readonly quick: boolean;
}

const nameOf = (number: number): string => `trial-${number}`;

/** The file of the weights that a trial has kept, beside its results. */
export const weightsFile = (number: number): string => `${nameOf(number)}.safetensors`;

/**
 * Trains one model and writes its weights, or goes on with a training that was interrupted.
 * @throws StoppedError if the signal ended training; a checkpoint holds where
 */
export async function trainTrial(task: TrialTask, context: TrialContext): Promise<TrialResult> {
  const key = keyOf(task);
  const experiment = await create(task, context);
  try {
    const fitted = await trainExperiment(experiment, nameOf(task.number), key.fold('training'), context);
    const used = context.engine.used();
    const validation = isEvaluated(experiment)
      ? (
          await evaluateLikelihood(experiment, context.dataset.validation, {
            key: key.fold('evaluation').fold('validation'),
            engine: context.engine.engine,
          })
        ).nats
      : (fitted.best?.validation ?? Number.NaN);
    if (!Number.isFinite(validation)) {
      throw new NumericalError({
        where: 'dgm-bench sweep',
        argument: 'the validation loss',
        expected: 'to be finite',
        actual: String(validation),
      });
    }
    await context.output.write(weightsFile(task.number), await saveWeights(experiment.model));
    return {
      parameters: countParameters(experiment.model),
      batchSize: experiment.training.batchSize,
      optimizer: describeOptimizer(experiment.training.optimizer),
      ...used,
      ...summarizeTraining(fitted),
      stoppedBy: fitted.stoppedBy,
      ...defined('bestEpoch', fitted.best?.epoch),
      validation,
    };
  } finally {
    experiment.model.dispose();
  }
}

/** Removes the state of a training that has finished. */
export function forgetTraining({ number }: Pick<Trial, 'number'>, { output }: Pick<TrialContext, 'output'>) {
  return output.remove('checkpoints', nameOf(number));
}

/** Measures what a trial has trained on the test rows. */
export async function testTrial(
  task: TrialTask,
  weights: Uint8Array,
  context: Pick<TrialContext, 'dataset' | 'engine' | 'quick'>,
): Promise<Chosen['tests'][number]> {
  const { test } = context.dataset;
  const key = keyOf(task).fold('evaluation');
  const { engine } = context.engine;
  const experiment = await create(task, context);
  try {
    loadWeights(experiment.model, weights);
    const score = isEvaluated(experiment)
      ? scoreOf(await evaluateLikelihood(experiment, test, { key: key.fold('test'), engine }))
      : null;
    const measured = await experiment.measure?.(test, { key: key.fold('metrics'), engine });
    return { seed: task.seed, test: score, ...defined('metrics', measured?.metrics) };
  } finally {
    experiment.model.dispose();
  }
}

/** Whether a number says how good the model is on the validation rows. */
export function canBeChosen(experiment: Experiment): boolean {
  const { model, training } = experiment;
  const isValidated = () => model.objectives().some(({ validated }) => validated);
  return isEvaluated(experiment) || training.validate !== undefined || isValidated();
}

/** With a model's own hyperparameters these are the random numbers of `dgm-bench run`. */
function keyOf({ candidate: { entry }, seed }: TrialTask): Key {
  return Key.of(seed).fold(entry.name);
}

function create(
  task: TrialTask,
  { dataset, quick }: Pick<TrialContext, 'dataset' | 'quick'>,
): Promise<Experiment> {
  const { candidate, settings } = task;
  return createExperiment(candidate.entry, { dataset, key: keyOf(task).fold('weights'), quick }, settings);
}
