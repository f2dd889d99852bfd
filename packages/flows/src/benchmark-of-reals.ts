import { adam } from '@dgm/core';
import type { Benchmark, BenchmarkEntry, BenchmarkTask, BenchmarkTraining, Dataset } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { cnfOfIntegers, isShortVectorsOfIntegers, residualFlowOfIntegers } from './benchmark-of-estimates';
import { firstRows } from './benchmark-rows';
import { rungeKutta } from './continuous/runge-kutta';
import type { Flow } from './flow';
import { cnf } from './models/cnf';
import { denseFlow, residualFlow } from './models/residual-flow';

const training: BenchmarkTraining = {
  optimizer: adam({ learningRate: 2e-3 }),
  batchSize: 100,
  epochs: 1000,
  earlyStopping: { patience: 30 },
};

/** Tables, and points of the plane. */
const isReals = ({ levels, train }: Dataset): boolean => levels === undefined && train.shape.length === 1;

const dimsOf = ({ dataset }: BenchmarkTask): number => dataset.train.shape[0]!;
const widthOf = ({ quick, width = quick ? 16 : 64 }: BenchmarkTask): number => width;

/** The flow, started from the first rows of the data. */
function started(model: Flow, { dataset: { train } }: BenchmarkTask): Benchmark {
  tf.tidy(() => model.initialize(firstRows(train)));
  return { model, training };
}

/** Blocks that may nearly double distances: data have edges. */
const blocks = ({ quick }: BenchmarkTask) => ({ blocks: quick ? 2 : 8, lipschitz: quick ? 0.8 : 0.95 });

function createResidualFlow(task: BenchmarkTask): Benchmark {
  const hidden = [widthOf(task), widthOf(task)];
  return started(residualFlow({ dims: dimsOf(task), key: task.key, hidden, ...blocks(task) }), task);
}

function createDenseFlow(task: BenchmarkTask): Benchmark {
  const growth = widthOf(task) / 4;
  return started(denseFlow({ dims: dimsOf(task), key: task.key, growth, ...blocks(task) }), task);
}

function createCnf(task: BenchmarkTask): Benchmark {
  const model = cnf({
    dims: dimsOf(task),
    key: task.key,
    hidden: [widthOf(task), widthOf(task)],
    solver: rungeKutta({ steps: task.quick ? 4 : 10 }),
  });
  return { model, training };
}

type Create = (task: BenchmarkTask) => Benchmark;

/** Of real numbers, and of integers in another way. */
const both = (ofReals: Create, ofIntegers: Create) => ({
  accepts: (dataset: Dataset) => isReals(dataset) || isShortVectorsOfIntegers(dataset),
  create: (task: BenchmarkTask) => (isReals(task.dataset) ? ofReals(task) : ofIntegers(task)),
});

/** The flows whose log-determinants are estimated where they would take long. */
export const benchmarksOfReals: readonly BenchmarkEntry[] = [
  {
    name: 'residual-flow',
    source: 'DGM §3.1.7; Chen et al., 2019',
    ...both(createResidualFlow, residualFlowOfIntegers),
  },
  {
    name: 'dense-flow',
    source: 'DGM §3.1.7; Perugachi-Diaz et al., 2021',
    accepts: isReals,
    create: createDenseFlow,
  },
  { name: 'cnf', source: 'Grathwohl et al., 2019', ...both(createCnf, cnfOfIntegers) },
];
