import { adam, rungeKutta } from '@dgm/core';
import type { Dataset } from '@dgm/core';
import { cnf, denseFlow, residualFlow } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import { isVectorsOfReals } from '../shared/datasets';
import type { Experiment, Recipe, RecipeTask, Training } from '../shared/recipe';
import { firstRows } from '../shared/rows';
import { cnfOfIntegers, isShortVectorsOfIntegers, residualFlowOfIntegers } from './estimated-of-integers';

const training: Training = {
  optimizer: adam({ learningRate: 2e-3 }),
  batchSize: 100,
  epochs: 1000,
  earlyStopping: { patience: 30 },
};

const dimsOf = ({ dataset }: RecipeTask): number => dataset.train.shape[0]!;
const widthOf = ({ quick, width = quick ? 16 : 64 }: RecipeTask): number => width;

/** The flow, started from the first rows of the data. */
function started(model: Flow, { dataset: { train } }: RecipeTask): Experiment {
  tf.tidy(() => model.initialize(firstRows(train)));
  return { model, training };
}

/** Blocks that may nearly double distances: data have edges. */
const blocks = ({ quick }: RecipeTask) => ({ blocks: quick ? 2 : 8, lipschitz: quick ? 0.8 : 0.95 });

function createResidualFlow(task: RecipeTask): Experiment {
  const hidden = [widthOf(task), widthOf(task)];
  return started(residualFlow({ dims: dimsOf(task), key: task.key, hidden, ...blocks(task) }), task);
}

function createDenseFlow(task: RecipeTask): Experiment {
  const growth = widthOf(task) / 4;
  return started(denseFlow({ dims: dimsOf(task), key: task.key, growth, ...blocks(task) }), task);
}

function createCnf(task: RecipeTask): Experiment {
  const model = cnf({
    dims: dimsOf(task),
    key: task.key,
    hidden: [widthOf(task), widthOf(task)],
    solver: rungeKutta({ steps: task.quick ? 4 : 10 }),
  });
  return { model, training };
}

type Create = (task: RecipeTask) => Experiment;

/** Of real numbers, and of integers in another way. */
const both = (ofReals: Create, ofIntegers: Create) => ({
  accepts: (dataset: Dataset) => isVectorsOfReals(dataset) || isShortVectorsOfIntegers(dataset),
  create: (task: RecipeTask) => (isVectorsOfReals(task.dataset) ? ofReals(task) : ofIntegers(task)),
});

/** The flows whose log-determinants are estimated where they would take long. */
export const estimatedFlows: readonly Recipe[] = [
  {
    name: 'residual-flow',
    source: 'DGM §3.1.7; Chen et al., 2019',
    ...both(createResidualFlow, residualFlowOfIntegers),
  },
  {
    name: 'dense-flow',
    source: 'DGM §3.1.7; Perugachi-Diaz et al., 2021',
    accepts: isVectorsOfReals,
    create: createDenseFlow,
  },
  { name: 'cnf', source: 'Grathwohl et al., 2019', ...both(createCnf, cnfOfIntegers) },
];
