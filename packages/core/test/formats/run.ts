import { Key, adamax, conditional, mlp, normalHead, type Examples, type FitOptions } from '@dgm/core';
import { TinyVae } from '../support/models';

/** Data that no change of a random draw can change: a stored run is refused with other data. */
const waves = (count: number, phase: number): Examples => ({
  count,
  shape: [3],
  values: Float32Array.from({ length: 3 * count }, (_, index) => Math.sin(index + phase)),
});

/** The training whose checkpoints are kept, one for each released version. */
export const EPOCHS_KEPT = 2;

export function storedRun(epochs: number) {
  const data = { train: waves(32, 0), validation: waves(16, 0.5) };
  const options: FitOptions = {
    key: Key.of(7),
    optimizer: adamax({ learningRate: 1e-2 }),
    batchSize: 16,
    epochs,
    ema: { decay: 0.9 },
    earlyStopping: { patience: 5 },
  };
  return { model: new TinyVae({ dims: 3, key: Key.of(8) }), data, options };
}

/** The model whose file is kept, one for each released version. */
export function storedModel() {
  const network = mlp([3, 8, 4], { key: Key.of(9), activation: 'tanh' });
  return conditional(network, normalHead({ shape: [2] }));
}

export const STORED_CARD = {
  description: 'A normal distribution of two values given three',
  licence: 'CC0-1.0',
  data: { columns: ['x', 'y'] },
  training: { rows: 32, seed: 9, date: '2026-11-29', heldOut: { nats: 2.5, standardError: 0.1 } },
};
