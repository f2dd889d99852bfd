import { Dense, Dropout, gru, lstm } from '@dgm/core';
import { CausalStack } from '../layers/causal-stack';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import type { OrderedArmOptions } from './options';
import { sequenceModel } from './sequence-model';

export interface RecurrentArmOptions extends OrderedArmOptions {
  /** `gru` unless given. */
  readonly cell?: 'gru' | 'lstm';
  /** Hidden units of each layer. */
  readonly hidden: number;
  /** How many recurrent layers there are; 1 unless given. */
  readonly layers?: number;
  /** Share of the hidden units that is dropped in training; 0 unless given. */
  readonly dropout?: number;
}

/**
 * A recurrent network along the variables: $p(x_d | x_{<d}) = p(x_d | \mathrm{RNN}(x_{d-1}, h_{d-1}))$.
 * @see DGM §2.2.2, Eq. 2.7
 */
export function recurrentArm({
  cell = 'gru',
  hidden,
  layers = 1,
  dropout = 0,
  ...options
}: RecurrentArmOptions): AutoregressiveModel {
  return sequenceModel(options, ({ inputs, outputs }) => {
    const recurrent = Array.from({ length: layers }, (_, index) => {
      const sizes = { inputs: index === 0 ? inputs : hidden, hidden, key: options.key.fold(index) };
      return [cell === 'gru' ? gru(sizes) : lstm(sizes), new Dropout({ rate: dropout })];
    });
    const output = new Dense({ inputs: hidden, outputs, key: options.key.fold('output') });
    return new CausalStack([...recurrent.flat(), output]);
  });
}
