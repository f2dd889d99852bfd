import { fit, Key, type Dataset } from '@dgm/core';
import type { Experiment, Recipe } from '../recipes/shared/recipe';
import type { Score } from '../results/schema';
import { measureModel, type Measurements } from '../run/measure-model';
import { mean, standardError } from '../statistics/statistics';
import type { ClaimContext, Measured } from './claim';

export interface TrainedOptions {
  /** The name of the recipe. */
  readonly model: string;
  /** The name of the data set. */
  readonly dataset: string;
  /** The most epochs. @defaultValue the recipe's */
  readonly epochs?: number;
  /** Whether the small network is trained. @defaultValue false */
  readonly quick?: boolean;
  readonly importanceSamples?: number;
  /**
   * The bound or exact likelihood as `evaluate` measures it by default, or what the recipe measures besides: the
   * importance-sampled likelihood, or a bound of many draws.
   * @defaultValue 'test'
   */
  readonly score?: 'test' | 'importanceSampled' | 'bound';
}

/**
 * Trains a recipe from each seed, as `dgm-bench run` does with the same seed, and measures the nats of the test rows.
 * @returns the mean over the seeds, with its standard error; with one seed, the noise of the draws
 */
export async function trainedNats(
  { score = 'test', ...options }: TrainedOptions,
  context: ClaimContext,
): Promise<Measured> {
  const scores = (await trainedModels(options, context)).map(
    ({ test, extra }) => (score === 'test' ? test : extra[score]) as Score,
  );
  const over = overSeeds(scores.map(({ nats }) => nats ?? Number.NaN));
  return over.standardError === null ? { ...over, standardError: scores[0]!.standardError } : over;
}

/** A metric that a recipe measures on the test rows, by its name: the mean over the seeds, with its standard error. */
export async function trainedMetric(
  { metric, ...options }: Omit<TrainedOptions, 'score'> & { readonly metric: string },
  context: ClaimContext,
): Promise<Measured> {
  const measurements = await trainedModels(options, context);
  return overSeeds(measurements.map(({ metrics }) => metrics?.[metric]?.value ?? Number.NaN));
}

/** What was measured by recipe, data set and seed: several claims are about the same trained models. */
const measured = new Map<string, Promise<Measurements>>();

async function trainedModels(
  options: Omit<TrainedOptions, 'score'>,
  context: ClaimContext,
): Promise<readonly Measurements[]> {
  const recipe = await context.recipe(options.model);
  const dataset = await context.dataset(options.dataset);
  const all: Measurements[] = [];
  for (const seed of context.seeds) {
    // A claim may change the data, which then have another name.
    const name = JSON.stringify({ ...options, dataset: dataset.name, seed });
    if (!measured.has(name))
      measured.set(name, trainAndMeasure(recipe, dataset, { ...options, seed }, context));
    all.push(await measured.get(name)!);
  }
  return all;
}

async function trainAndMeasure(
  recipe: Recipe,
  dataset: Dataset,
  { importanceSamples, ...options }: TrainedOptions & { seed: number },
  context: ClaimContext,
): Promise<Measurements> {
  return withTrained({ ...options, recipe, dataset }, context, (experiment, key) =>
    // No claim is about the validation rows, and some bounds take long.
    measureModel(
      experiment,
      { test: dataset.test },
      {
        key,
        engine: context.engine.engine,
        ...(importanceSamples === undefined ? {} : { importanceSamples }),
      },
    ),
  );
}

/** Which training. */
interface Trained {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly seed: number;
  readonly epochs?: number;
  readonly quick?: boolean;
}

/** Trains a recipe as `dgm-bench run` does with the same seed, hands the model out for a while, and frees it. */
export async function withTrained<T>(
  { recipe, dataset, seed, epochs, quick = false }: Trained,
  { engine: { engine } }: ClaimContext,
  use: (experiment: Experiment, key: Key) => T | Promise<T>,
): Promise<T> {
  const key = Key.of(seed).fold(recipe.name);
  const experiment = await recipe.create({ dataset, key: key.fold('weights'), quick });
  try {
    const { training, model } = experiment;
    const options = { ...training, key: key.fold('training'), engine, epochs: epochs ?? training.epochs };
    await fit(model, dataset, options);
    return await use(experiment, key.fold('evaluation'));
  } finally {
    experiment.model.dispose();
  }
}

export function overSeeds(values: readonly number[]): Measured {
  return { value: mean(values), standardError: standardError(values) };
}
