import type { OptimizerFactory } from '@dgm/core';
import { positive, positiveInteger, type NumberRange } from '../command-line/command-line';
import type { Experiment, Recipe, RecipeTask, Training } from '../recipes/shared/recipe';
import type { Settings } from '../results/sweep';
import { isFactory } from '../run/train-model';

/** Hyperparameters of training, which every recipe has. */
const ofTraining = {
  learningRate: {
    range: positive,
    change: (training: Training, rate: number) => ({
      ...training,
      optimizer: withLearningRate(training.optimizer, rate),
    }),
  },
  batchSize: {
    range: positiveInteger,
    change: (training: Training, batchSize: number) => ({ ...training, batchSize }),
  },
  clipNorm: {
    range: positive,
    change: (training: Training, clipNorm: number) => ({ ...training, clipNorm }),
  },
  emaDecay: {
    range: {
      says: 'to be a number between 0 and 1',
      holds: (value: number) => value > 0 && value < 1,
    },
    change: (training: Training, decay: number) => ({ ...training, ema: { decay } }),
  },
};

/** Hyperparameters of models: a recipe takes those that it reads from its task. */
const ofTask = {
  width: { range: positiveInteger },
  densityWeight: { range: positive },
} satisfies { readonly [Name in keyof RecipeTask]?: { readonly range: NumberRange } };

/** The names of all hyperparameters, and the values that each can have. */
export const hyperparameters: Readonly<Record<string, { readonly range: NumberRange }>> = {
  ...ofTraining,
  ...ofTask,
};

export const isIntegral = (name: string): boolean => hyperparameters[name]!.range === positiveInteger;

/** The experiment of a recipe with some hyperparameters changed. The caller disposes of its model. */
export async function createExperiment(
  recipe: Recipe,
  task: RecipeTask,
  settings: Settings,
): Promise<Experiment> {
  const own = Object.entries(settings).filter(([name]) => Object.hasOwn(ofTask, name));
  const experiment = await recipe.create({ ...task, ...Object.fromEntries(own) });
  let { training } = experiment;
  for (const [name, { change }] of Object.entries(ofTraining)) {
    if (settings[name] !== undefined) training = change(training, settings[name]);
  }
  return { ...experiment, training };
}

/**
 * The experiment of a recipe with its own hyperparameters, and the names of those that can be changed. The caller disposes of its
 * model.
 */
export async function inspectRecipe(
  recipe: Recipe,
  task: RecipeTask,
): Promise<{ readonly experiment: Experiment; readonly names: readonly string[] }> {
  const read = new Set<string>();
  const watched = { ...task };
  for (const name of Object.keys(ofTask)) {
    Object.defineProperty(watched, name, {
      enumerable: true,
      get: () => {
        read.add(name);
        return undefined;
      },
    });
  }
  const experiment = await recipe.create(watched);
  return { experiment, names: [...Object.keys(ofTraining), ...read] };
}

/** The same optimizers with another rate at the first step; a schedule keeps its form. */
function withLearningRate(optimizer: Training['optimizer'], rate: number): Training['optimizer'] {
  const changed = (factory: OptimizerFactory): OptimizerFactory => ({
    ...factory,
    learningRate: (step) => rate * (factory.learningRate(step) / factory.learningRate(0)),
  });
  if (isFactory(optimizer)) return changed(optimizer);
  return Object.fromEntries(Object.entries(optimizer).map(([player, factory]) => [player, changed(factory)]));
}
