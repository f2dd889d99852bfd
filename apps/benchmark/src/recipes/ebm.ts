import { cosineSchedule, sgd } from '@dgm/core';
import type { Dataset, Examples } from '@dgm/core';
import { bernoulliUnits, rbm, type RbmOptions } from '@dgm/ebm';
import { firstRows } from './shared/rows';
import type { Experiment, Recipe, RecipeTask } from './shared/recipe';

const BATCH_SIZE = 50;

/** An RBM on bits, trained by persistent contrastive divergence. */
function rbmExperiment(
  { dataset, key }: RecipeTask,
  { epochs, ...options }: Pick<RbmOptions, 'hidden' | 'steps'> & { readonly epochs: number },
): Experiment {
  const examples = firstRows(dataset.train);
  try {
    const model = rbm({
      visible: bernoulliUnits({ shape: dataset.train.shape }),
      key,
      examples,
      chains: 100,
      weightDecay: 1e-3,
      ...options,
    });
    return {
      model,
      training: {
        // The last weights stay: the rate falls to a fiftieth, and the number of epochs was chosen by validation rows.
        optimizer: sgd({
          learningRate: cosineSchedule(0.05, { steps: epochs * stepsPerEpoch(dataset.train), final: 0.001 }),
          momentum: 0.5,
        }),
        batchSize: BATCH_SIZE,
        epochs,
        ema: { decay: 0.999 },
      },
    };
  } finally {
    examples.dispose();
  }
}

const stepsPerEpoch = ({ count }: Examples): number => Math.ceil(count / BATCH_SIZE);

const isBits = ({ levels }: Dataset): boolean => levels === 2;

export const recipes: readonly Recipe[] = [
  {
    name: 'rbm-16',
    source: 'DGM §6.4, Eq. 6.33-6.43; 16 hidden units, persistent contrastive divergence',
    accepts: isBits,
    create: (task) => rbmExperiment(task, { hidden: 16, steps: 5, epochs: task.quick ? 10 : 1500 }),
  },
  {
    name: 'rbm',
    source: 'DGM §6.4, Eq. 6.33-6.43; 200 hidden units, persistent contrastive divergence',
    isFlagship: true,
    accepts: isBits,
    create: (task) =>
      rbmExperiment(task, {
        hidden: task.width ?? (task.quick ? 32 : 200),
        steps: task.quick ? 2 : 10,
        epochs: task.quick ? 10 : 500,
      }),
  },
];
