import { adam } from '@dgm/core';
import type { Dataset } from '@dgm/core';
import {
  autoregressiveIdf,
  dequantized,
  histogramFlow,
  idf,
  logitPreprocessing,
  maf,
  neuralSplineFlow,
  realNvp,
} from '@dgm/flows';
import { bookTraining, hasFewLevels } from '../shared/book';
import { isVectorsOfIntegers, isVectorsOfReals } from '../shared/datasets';
import type { Experiment, Recipe, RecipeTask, Training } from '../shared/recipe';
import { estimatedFlows } from './estimated';
import { imageFlows } from './images';
import { mafOfTables, trainingOfTables } from './maf';
import { splineFlowOfTables } from './spline-flow';

const dimsOf = ({ dataset }: RecipeTask): number => dataset.train.shape[0]!;
const bookHidden = ({ quick, width = quick ? 32 : 256 }: RecipeTask): number[] => [width, width];

/** With noise on [0, 1), which the book's code draws from (0, 0.5]; of real data without any. */
function bookRealNvp(task: RecipeTask): Experiment {
  if (isVectorsOfReals(task.dataset)) {
    const model = realNvp({ dims: dimsOf(task), key: task.key, hidden: hiddenOfReals(task) });
    return { model, training: trainingOfReals(task) };
  }
  const levels = task.dataset.levels!;
  const flow = realNvp({
    ...{ dims: dimsOf(task), key: task.key, hidden: bookHidden(task) },
    // The book's networks see few grey levels as they are.
    ...(!hasFewLevels({ levels }) && { preprocessing: logitPreprocessing({ levels }) }),
  });
  return { model: dequantized({ flow, levels }), training: bookTraining };
}

const bookIdf =
  (parts: number) =>
  (task: RecipeTask): Experiment => ({
    model: idf({ dims: dimsOf(task), key: task.key, hidden: bookHidden(task), parts }),
    training: bookTraining,
  });

function bestFlow({ dataset, key, quick }: RecipeTask): Experiment {
  const model = histogramFlow({
    dims: dataset.train.shape[0]!,
    levels: dataset.levels!,
    key,
    hidden: [quick ? 64 : 512],
    dropout: quick ? 0 : 0.3,
  });
  return { model, training: bookTraining };
}

function bestIdf({ dataset, key, quick }: RecipeTask): Experiment {
  const model = autoregressiveIdf({
    dims: dataset.train.shape[0]!,
    levels: dataset.levels!,
    key,
    ...(quick ? { hidden: [32], baseHidden: [64], components: 4 } : {}),
  });
  return { model, training: bookTraining };
}

/** The plane is quickly learned. */
const trainingOfPlanes: Training = {
  ...trainingOfTables,
  optimizer: adam({ learningRate: 1e-3 }),
  earlyStopping: { patience: 30 },
};

const trainingOfReals = ({ dataset }: RecipeTask): Training =>
  isPlane(dataset) ? trainingOfPlanes : trainingOfTables;

const isPlane = ({ train }: Dataset): boolean => train.shape[0] === 2;

function hiddenOfReals({ dataset, quick, width }: RecipeTask): number[] {
  const units = width ?? (quick ? 16 : isPlane(dataset) ? 64 : 512);
  return [units, units];
}

function mafOfReals(task: RecipeTask): Experiment {
  if (!isPlane(task.dataset)) return mafOfTables(task);
  const model = maf({ dims: 2, key: task.key, layers: 5, hidden: hiddenOfReals(task) });
  return { model, training: trainingOfPlanes };
}

function splineFlowOfReals(task: RecipeTask): Experiment {
  if (!isPlane(task.dataset)) return splineFlowOfTables(task);
  const model = neuralSplineFlow({
    dims: 2,
    key: task.key,
    layers: 5,
    hidden: task.quick ? [16, 16] : [64, 64],
    spline: { bins: 8, minimum: -5, maximum: 5 },
  });
  return { model, training: trainingOfPlanes };
}

export const recipes: readonly Recipe[] = [
  {
    name: 'real-nvp',
    source: 'DGM §3.1.5, Listings 3.1, 3.2',
    accepts: (dataset) => isVectorsOfIntegers(dataset) || isVectorsOfReals(dataset),
    create: bookRealNvp,
  },
  {
    name: 'idf',
    source: 'DGM §3.2.4, Listings 3.3-3.6, option 1',
    accepts: isVectorsOfIntegers,
    create: bookIdf(2),
  },
  {
    name: 'idf-four-parts',
    source: 'DGM §3.2.4, Listings 3.3-3.6, option 2',
    accepts: isVectorsOfIntegers,
    create: bookIdf(4),
  },
  {
    name: 'histogram-flow',
    isFlagship: true,
    source: 'Müller et al., 2019, §4.1; Papamakarios et al., 2017',
    accepts: isVectorsOfIntegers,
    create: bestFlow,
  },
  {
    name: 'idf-autoregressive',
    isFlagship: true,
    source: 'Hoogeboom et al., 2019, §4.2',
    accepts: isVectorsOfIntegers,
    create: bestIdf,
  },
  {
    name: 'maf',
    source: 'Papamakarios et al., 2017: MAF (5)',
    accepts: isVectorsOfReals,
    create: mafOfReals,
  },
  {
    name: 'spline-flow',
    source: 'Durkan et al., 2019: RQ-NSF (C)',
    accepts: isVectorsOfReals,
    create: splineFlowOfReals,
  },
  ...imageFlows,
  ...estimatedFlows,
];
