import { adamax, gatherExamples, hutchinsonTrace, rungeKutta } from '@dgm/core';
import type { Dataset, GenerativeModel, Key } from '@dgm/core';
import { cnf, dequantized, logitPreprocessing, residualFlow, uniformDequantizer } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import { bookTraining } from '../shared/book';
import { isVectorsOfIntegers } from '../shared/datasets';
import type { Experiment, RecipeTask, Training } from '../shared/recipe';
import { firstRows } from '../shared/rows';

/** Exact likelihoods take a product with the Jacobian for each dimension. */
const MOST_DIMS = 100;

/** Short vectors of integers. */
export const isShortVectorsOfIntegers = (dataset: Dataset): boolean =>
  isVectorsOfIntegers(dataset) && dataset.train.shape[0]! <= MOST_DIMS;

/** Small blocks, whose log-determinants are estimated in training. */
export function residualFlowOfIntegers(task: RecipeTask): Experiment {
  const { dataset, key, quick, width = quick ? 16 : 64 } = task;
  const flow = residualFlow({
    dims: dataset.train.shape[0]!,
    key,
    blocks: quick ? 1 : 4,
    hidden: [width, width],
    preprocessing: logitPreprocessing({ levels: dataset.levels! }),
  });
  start(flow, task);
  return integers(task, flow);
}

/** Starts activation normalization from the first rows behind their noise, with estimates on the way. */
function start(flow: Flow, { dataset, key }: RecipeTask): void {
  const dequantizer = uniformDequantizer();
  const first = key.fold('first');
  tf.tidy(() => {
    const rows = firstRows(dataset.train);
    const { noise } = dequantizer.draw(rows, first);
    flow.initialize(tf.add(rows, noise), { training: true, key: first });
  });
}

/** Few steps of the solver, and estimated traces; outside of training twice as many, and exact ones. */
export function cnfOfIntegers(task: RecipeTask): Experiment {
  const { dataset, key, quick, width = quick ? 16 : 64 } = task;
  const steps = quick ? 2 : 6;
  return integers(
    task,
    cnf({
      dims: dataset.train.shape[0]!,
      key,
      hidden: [width, width],
      solver: rungeKutta({ steps }),
      evaluationSolver: rungeKutta({ steps: 2 * steps }),
      trace: hutchinsonTrace(),
      preprocessing: logitPreprocessing({ levels: dataset.levels! }),
    }),
  );
}

/** The flow behind uniform noise. */
function integers({ dataset }: RecipeTask, flow: Flow): Experiment {
  const model = dequantized({ flow, levels: dataset.levels! });
  const training: Training = {
    ...bookTraining,
    optimizer: adamax({ learningRate: 3e-3 }),
    validate: (_, { key }) => estimatedLoss(model, dataset, key),
  };
  return { model, training };
}

const ROWS_AT_ONCE = 500;

/** The loss of training on the validation rows, which is unbiased: exact likelihoods after each epoch would take longest. */
async function estimatedLoss(model: GenerativeModel, { validation }: Dataset, key: Key): Promise<number> {
  const [objective] = model.objectives();
  let sum = 0;
  for (let start = 0; start < validation.count; start += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, validation.count - start);
    const rows = Int32Array.from({ length: count }, (_, row) => start + row);
    const loss = tf.tidy(
      () => objective!.loss(gatherExamples(validation, rows), key.fold(start), { training: true }).total,
    );
    sum += count * (await loss.data())[0]!;
    loss.dispose();
  }
  return sum / validation.count;
}
