import { GatedResidualStack } from '../layers/gated-residual-stack';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import type { OrderedArmOptions } from './options';
import { sequenceModel } from './sequence-model';

export interface WaveNetOptions extends OrderedArmOptions {
  /** Channels of the layers within. */
  readonly hidden: number;
  /** 2 unless given. */
  readonly kernelSize?: number;
  /** One block for each; 1, 2, 4, 8, 16, 32 unless given: with kernels of size 2, the last 64 variables. */
  readonly dilations?: readonly number[];
  /** Share of the units that is dropped in training; 0 unless given. */
  readonly dropout?: number;
}

/**
 * Dilated causal convolutions with gated units, residual and skip connections: a long memory at little cost.
 * @see DGM §2.2.3. WaveNet: A Generative Model for Raw Audio (van den Oord et al., 2016)
 */
export function waveNet({
  hidden,
  kernelSize = 2,
  dilations = [1, 2, 4, 8, 16, 32],
  dropout = 0,
  ...options
}: WaveNetOptions): AutoregressiveModel {
  return sequenceModel(
    options,
    (sizes) => new GatedResidualStack({ ...sizes, hidden, kernelSize, dilations, dropout, key: options.key }),
  );
}
