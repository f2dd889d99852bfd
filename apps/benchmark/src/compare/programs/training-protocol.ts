import type { OptimizerFactory } from '@dgm/core';
import type { TrainingProtocol } from './protocol';
import type { Training } from '../../recipes/shared/recipe';

type DescribedTraining = Pick<
  Training,
  'optimizer' | 'batchSize' | 'epochs' | 'earlyStopping' | 'clipNorm' | 'ema'
>;

/** What the other side has to know to train in the same way. */
export function describeTraining(training: DescribedTraining): TrainingProtocol {
  const factory = commonFactory(training.optimizer);
  return {
    optimizer: factory?.name ?? null,
    learningRate: factory?.learningRate(0) ?? null,
    batchSize: training.batchSize,
    epochs: training.epochs,
    patience: training.earlyStopping?.patience ?? null,
    clipNorm: training.clipNorm ?? null,
    emaDecay: typeof training.ema?.decay === 'number' ? training.ema.decay : null,
  };
}

/** The optimizer, or that of the first player where all have one of the same name. */
function commonFactory(optimizer: Training['optimizer']): OptimizerFactory | undefined {
  if (isFactory(optimizer)) return optimizer;
  const [first, ...others] = Object.values(optimizer);
  return others.every(({ name }) => name === first?.name) ? first : undefined;
}

function isFactory(optimizer: Training['optimizer']): optimizer is OptimizerFactory {
  return typeof optimizer['create'] === 'function';
}
