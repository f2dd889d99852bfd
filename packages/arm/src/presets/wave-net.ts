import { GatedResidualStack } from '../layers/gated-residual-stack';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import { count, counts, makeArm, optional, share } from './options';
import type { OrderedArmOptions } from './options';
import { sequenceModel } from './sequence-model';

export interface WaveNetOptions extends OrderedArmOptions {
  /** Channels of the layers within. */
  readonly hidden: number;
  /** @defaultValue 2 */
  readonly kernelSize?: number;
  /**
   * The dilation of each block. By default, with kernels of size 2, the last 64 variables are seen.
   * @defaultValue [1, 2, 4, 8, 16, 32]
   */
  readonly dilations?: readonly number[];
  /**
   * Share of the units that is dropped in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
}

/**
 * Dilated causal convolutions with gated units, residual and skip connections: a long memory at little cost.
 * @see DGM §2.2.3. WaveNet: A Generative Model for Raw Audio (van den Oord et al., 2016)
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 17 });
 * const model = waveNet({ shape: [64], likelihood, hidden: 32, key });
 * ```
 */
export function waveNet(options: WaveNetOptions): AutoregressiveModel {
  return makeArm(options, {
    name: 'waveNet',
    ordered: true,
    own: {
      hidden: count,
      kernelSize: optional(count),
      dilations: optional(counts),
      dropout: optional(share),
    },
    build,
  });
}

function build({
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
