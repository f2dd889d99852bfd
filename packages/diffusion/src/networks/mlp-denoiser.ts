import { checkOptions, Flatten, residualMlp, Sequential } from '@dgm/core';
import { record } from '../record';
import { checkedDenoiser, Denoiser, TIME, type DenoiserOptions } from './denoiser';

export interface MlpDenoiserOptions extends DenoiserOptions {
  /** The number of hidden units. @defaultValue 256 */
  readonly features?: number;
  /** The number of residual blocks. @defaultValue 3 */
  readonly blocks?: number;
}

/**
 * A residual multilayer perceptron that sees all entries at once: for points, tables and tiny images.
 * @throws ArgumentError for an option that is unknown or out of its range
 *
 * @example
 * ```ts
 * const network = mlpDenoiser({ shape: [2], features: 128, blocks: 3, key });
 * const model = gaussianDiffusion({ shape: [2], network });
 * ```
 */
export function mlpDenoiser(options: MlpDenoiserOptions): Denoiser {
  const { entries, outputs, contextSize, size, lead } = checkedDenoiser('mlpDenoiser', options);
  const { features = 256, blocks = 3, dropout = 0, key, ...unknown } = lead;
  checkOptions('mlpDenoiser', unknown, ['features', 'blocks', 'dropout', 'key']);
  const body = new Sequential([
    new Flatten(),
    residualMlp({
      ...{ inputs: size * entries.size, outputs: size * outputs, features, blocks, dropout, key },
      ...{ contextSize: 1 + contextSize, time: TIME },
    }),
  ]);
  const network = new Denoiser({ shape: options.shape, outputs, entries, contextSize, body });
  return record(network, 'mlpDenoiser', arguments);
}
