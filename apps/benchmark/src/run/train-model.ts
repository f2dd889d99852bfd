import {
  countParameters,
  fit,
  Key,
  type Callback,
  type Dataset,
  type FitResult,
  type OptimizerFactory,
} from '@dgm/core';
import { fileStore } from '@dgm/core/node';
import type { Candidate } from '../families';
import { finite } from '../results/json';
import type { CurvePoint, Run } from '../results/schema';
import { defined } from '../command-line/command-line';
import { drawLatents } from './draw-latents';
import { drawModel } from './draw-model';
import type { StartedEngine } from '../engine/engine';
import { StoppedError } from '../command-line/interruption';
import { isDrawnBits, redrawnBits } from '../datasets/drawn-bits';
import { measureModel } from './measure-model';
import type { OutputFolder } from '../results/output-folder';
import { watchMemory } from './peak-memory';
import { compareWithDensity } from './plane-density';
import { commandFor, type RunPlan } from './plan';
import type { Experiment } from '../recipes/shared/recipe';

/** What one training needs. */
export interface FitContext {
  readonly plan: Pick<RunPlan, 'epochs' | 'maxSeconds'>;
  readonly dataset: Dataset;
  readonly output: OutputFolder;
  readonly engine: StartedEngine;
  readonly signal: AbortSignal;
  readonly callbacks: readonly Callback[];
}

export interface TrainingContext extends FitContext {
  readonly plan: RunPlan;
}

/**
 * Trains one model, or resumes its training, and measures the result.
 * @throws StoppedError if the signal ended training; a checkpoint holds where
 */
export async function trainModel({ entry, ...origin }: Candidate, context: TrainingContext): Promise<Run> {
  const { dataset, plan } = context;
  const key = Key.of(plan.seed).fold(entry.name);
  const memory = watchMemory();
  const benchmark = await entry.create({ dataset, key: key.fold('weights'), quick: plan.quick });
  try {
    const fitted = await trainExperiment(benchmark, entry.name, key.fold('training'), context);
    const used = context.engine.used();
    const measured = await measureModel(benchmark, dataset, {
      key: key.fold('evaluation'),
      engine: context.engine.engine,
      ...defined('importanceSamples', plan.importanceSamples),
    });
    const known = await compareWithDensity({ name: entry.name, model: benchmark.model }, context);
    const drawn = await drawModel(benchmark, entry.name, key.fold('samples'), context);
    const views = await drawLatents(benchmark, entry.name, key.fold('latents'), context);
    return {
      model: entry.name,
      package: origin.package,
      version: origin.version,
      parameters: countParameters(benchmark.model),
      batchSize: benchmark.training.batchSize,
      optimizer: describeOptimizer(benchmark.training.optimizer),
      ...used,
      seed: plan.seed,
      ...summarizeTraining(fitted),
      validation: measured.validation,
      test: measured.test,
      ...(measured.metrics && { metrics: measured.metrics }),
      ...(measured.curves && { curves: measured.curves }),
      extra: {
        command: commandFor(entry.name, { ...plan, engine: used.engine }),
        source: entry.source,
        stoppedBy: fitted.stoppedBy,
        ...(fitted.best ? { bestEpoch: fitted.best.epoch } : {}),
        ...(drawn.reconstructions ? { reconstructions: drawn.reconstructions } : {}),
        ...known,
        ...views,
        ...measured.extra,
      },
      samples: drawn.samples,
      sampleSeconds: drawn.sampleSeconds,
      peakMemoryMiB: memory.stop(),
      curve: curve(fitted),
    };
  } finally {
    memory.stop();
    benchmark.model.dispose();
  }
}

/**
 * Trains a model, or resumes its training from the checkpoints of that name.
 * @throws StoppedError if the signal ended training; a checkpoint holds where
 */
export async function trainExperiment(
  { model, training }: Experiment,
  name: string,
  key: Key,
  { plan, dataset, output, engine: { engine }, signal, callbacks }: FitContext,
): Promise<FitResult> {
  const fitted = await fit(model, dataset, {
    ...(isDrawnBits(dataset.train) && { batch: redrawnBits }),
    ...training,
    key,
    epochs: plan.epochs ?? training.epochs,
    ...(plan.maxSeconds === undefined ? {} : { maxSeconds: plan.maxSeconds }),
    callbacks,
    signal,
    checkpoint: { store: fileStore(output.checkpoints(name)) },
    engine,
  });
  if (fitted.stoppedBy === 'aborted') throw new StoppedError();
  return fitted;
}

/** What results say about a training. */
export function summarizeTraining({ epochs, steps, seconds, msPerStep: { median, min } }: FitResult) {
  return {
    epochs,
    steps,
    trainSeconds: Number(seconds.toFixed(3)),
    msPerStep: { median: Number(median.toFixed(4)), min: Number(min.toFixed(4)) },
  };
}

function curve({ curve: points }: FitResult): readonly CurvePoint[] {
  return points.map(({ epoch, train: loss, validation }) => ({
    epoch,
    train: finite(loss),
    validation: validation === undefined ? null : finite(validation),
  }));
}

/** `adamax(learningRate 0.001)`; one for each player where there are several. */
export function describeOptimizer(optimizer: Experiment['training']['optimizer']): string {
  const describe = ({ name, learningRate }: OptimizerFactory) => `${name}(learningRate ${learningRate(0)})`;
  if (isFactory(optimizer)) return describe(optimizer);
  const players = Object.entries(optimizer);
  return players.map(([player, factory]) => `${player}: ${describe(factory)}`).join(', ');
}

/** Whether there is one optimizer for all objectives. */
export function isFactory(optimizer: Experiment['training']['optimizer']): optimizer is OptimizerFactory {
  return typeof optimizer['create'] === 'function';
}
