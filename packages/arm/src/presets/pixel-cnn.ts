import { checkThat } from '@dgm/core';
import { PixelCnnBody } from '../layers/pixel-cnn-body';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import { imageModel } from './image-model';
import { anything, count, counts, makeArm, optional, share } from './options';
import type { ImageArmOptions } from './image-model';

export interface PixelCnnOptions extends ImageArmOptions {
  /** Channels between the blocks; an even number. */
  readonly hidden: number;
  /** How many residual blocks there are. */
  readonly blocks: number;
  /**
   * Of the first convolution and of those in the blocks.
   * @defaultValue [7, 3]
   */
  readonly kernelSizes?: readonly [number, number];
  /**
   * Share of the units that is dropped in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
}

/**
 * Masked convolutions over an image, in residual blocks. Pixels come row by row.
 * @throws ArgumentError for an odd number of channels
 * @see DGM §2.4. Pixel Recurrent Neural Networks (van den Oord et al., 2016)
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 17 });
 * const model = pixelCnn({ shape: [8, 8, 1], likelihood, hidden: 16, blocks: 3, key });
 * ```
 */
export function pixelCnn(options: PixelCnnOptions): AutoregressiveModel {
  return makeArm(options, {
    name: 'pixelCnn',
    ordered: false,
    own: {
      plane: optional(counts),
      positions: anything,
      hidden: count,
      blocks: count,
      kernelSizes: optional(counts),
      dropout: optional(share),
    },
    build,
  });
}

function build({
  hidden,
  blocks,
  kernelSizes = [7, 3],
  dropout = 0,
  ...options
}: PixelCnnOptions): AutoregressiveModel {
  checkThat('pixelCnn', 'hidden', hidden % 2 === 0, { expected: 'to be even', actual: String(hidden) });
  return imageModel(
    'pixelCnn',
    options,
    (sizes) => new PixelCnnBody({ ...sizes, hidden, blocks, kernelSizes, dropout, key: options.key }),
  );
}
