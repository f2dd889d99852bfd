import { adam, evaluate, Permutation, Sequential, trainable } from '@dgm/core';
import type { Bijector, Dataset, EvaluateOptions, Key } from '@dgm/core';
import { affine, Autoregressive, BatchNormFlow, flow, maskedNetwork } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import type { Experiment, RecipeTask, Training } from '../shared/recipe';
import { allRows, firstRows } from '../shared/rows';
import { rescaled } from './rescaled';

/**
 * For MAF and Real NVP, as in the authors' program (gpapamak/maf): rate, batch, patience and penalty of `experiments.py`, where
 * `WeightDecay` of `ml/loss_functions.py` takes in all parameters; Adam of `ml/step_strategies.py`, whose epsilon is under the
 * root; and validation of `ml/trainers.py`, once an epoch, of which the 30th without an improvement is the last. It has no
 * largest number of epochs.
 */
export const trainingOfTables: Training = {
  optimizer: adam({ learningRate: 1e-4, epsilon: 0, rootEpsilon: 1e-8, l2: 1e-6 }),
  batchSize: 100,
  epochs: 1000,
  earlyStopping: { patience: 29 },
};

/** The authors bound log-scales where they draw (`gen` in `ml/models/mades.py`); here they are bounded throughout. */
const MAX_LOG_SCALE = 10;

/**
 * MAF (5) as it was published for MINIBOONE: `run_experiments_miniboone` of the authors' `run_experiments.py`, and
 * `ml/models/mafs.py`. They train it with one layer of 512 units in each network and with two, which is what is here; their program
 * does not say which of the two their table has.
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), §4.1 and supplement D
 */
export function mafOfTables({ dataset, key, quick, width }: RecipeTask): Experiment {
  const dims = dataset.train.shape[0]!;
  const units = width ?? (quick ? 16 : 512);
  const layers = Array.from({ length: 5 }, (_, index): Bijector[] => [
    ...(index === 0 ? [] : [Permutation.reverse(dims)]),
    new BatchNormFlow({ features: dims }),
    maskedLayer(dims, [units, units], key.fold(index)),
  ]);
  const model = flow({ layers: layers.flat(), source: 'Papamakarios et al., 2017' });
  startAsPublished(model, key.fold('start'));
  // For a training that is cut short before it was validated.
  tf.tidy(() => model.initialize(firstRows(dataset.train)));
  return {
    model,
    training: { ...trainingOfTables, validate: (_, { engine }) => measured(model, dataset, { key, engine }) },
  };
}

/** The authors' networks put out log-precisions, half of which are log-scales but for the sign. */
function maskedLayer(dims: number, hidden: readonly number[], key: Key): Bijector {
  const groups = Array.from({ length: dims }, (_, index) => index);
  const transformer = affine({ maxLogScale: MAX_LOG_SCALE });
  const { numParameters } = transformer;
  const network = new Sequential([
    maskedNetwork({ groups, numParameters, hidden, key }),
    rescaled([1 / 2, 1]),
  ]);
  return new Autoregressive({ groups, network, transformer, fast: 'density' });
}

/** Kernels with the variance 1 / (inputs + 1), and biases of 0: `create_weights` of the authors' `ml/models/mades.py`. */
function startAsPublished(model: Flow, key: Key): void {
  for (const [path, variable] of trainable(model)) {
    const { shape } = variable;
    tf.tidy(() => {
      if (path.endsWith('/bias')) variable.assign(tf.zeros(shape));
      if (!path.endsWith('/raw')) return;
      variable.assign(tf.mul(1 / Math.sqrt(shape[0]! + 1), key.fold(path).normal(shape)));
    });
  }
}

/** Nats on the validation rows, with the moments of all training rows: `set_batch_norm_stats` of the authors' `ml/trainers.py`. */
async function measured(
  model: Flow,
  { train, validation }: Dataset,
  options: Pick<EvaluateOptions, 'key' | 'engine'>,
): Promise<number> {
  tf.tidy(() => model.initialize(allRows(train)));
  return (await evaluate(model, validation, { batchSize: 500, ...options })).nats;
}
