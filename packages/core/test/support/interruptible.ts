import { Key, adamax, type FitOptions } from '@dgm/core';
import { TinyVae, gaussianExamples } from './models';

/** A short training with everything that a checkpoint has to keep; always the same. */
export function interruptible() {
  const key = Key.of(11);
  const data = {
    train: gaussianExamples(key.fold('train'), 50),
    validation: gaussianExamples(key.fold('validation'), 20),
  };
  const options: FitOptions = {
    key,
    optimizer: adamax({ learningRate: 3e-2 }),
    batchSize: 16,
    epochs: 4,
    clipNorm: 5,
    ema: { decay: 0.9 },
    earlyStopping: { patience: 2 },
  };
  return { model: new TinyVae({ dims: 3, key: key.fold('model') }), data, options };
}
