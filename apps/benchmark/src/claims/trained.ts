import { fit, Key, type Dataset } from '@dgm/core';
import type { Recipe } from '../recipes/shared/recipe';
import type { Score } from '../results/schema';
import { measureModel } from '../run/measure-model';
import { mean, standardDeviation } from '../statistics/statistics';
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
export async function trainedNats(options: TrainedOptions, context: ClaimContext): Promise<Measured> {
  const recipe = await context.recipe(options.model);
  const dataset = await context.dataset(options.dataset);
  const scores: Score[] = [];
  for (const seed of context.seeds)
    scores.push(await scoreOf(recipe, dataset, { ...options, seed }, context));
  const nats = scores.map((score) => score.nats ?? Number.NaN);
  const deviation = standardDeviation(nats);
  return {
    value: mean(nats),
    standardError: deviation === null ? scores[0]!.standardError : deviation / Math.sqrt(nats.length),
  };
}

async function scoreOf(
  recipe: Recipe,
  dataset: Dataset,
  { seed, epochs, quick = false, importanceSamples, score = 'test' }: TrainedOptions & { seed: number },
  { engine: { engine } }: ClaimContext,
): Promise<Score> {
  const key = Key.of(seed).fold(recipe.name);
  const experiment = await recipe.create({ dataset, key: key.fold('weights'), quick });
  try {
    const { training, model } = experiment;
    const options = { ...training, key: key.fold('training'), engine, epochs: epochs ?? training.epochs };
    await fit(model, dataset, options);
    const { test, extra } = await measureModel(experiment, dataset, {
      key: key.fold('evaluation'),
      engine,
      ...(importanceSamples === undefined ? {} : { importanceSamples }),
    });
    return score === 'test' ? test! : (extra[score] as Score);
  } finally {
    experiment.model.dispose();
  }
}
