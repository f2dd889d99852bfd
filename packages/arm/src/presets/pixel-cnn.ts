import { ArgumentError } from '@dgm/core';
import { PixelCnnBody } from '../layers/pixel-cnn-body';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import { imageModel } from './image-model';
import type { ImageArmOptions } from './image-model';

export interface PixelCnnOptions extends ImageArmOptions {
  /** Channels between the blocks; an even number. */
  readonly hidden: number;
  /** How many residual blocks there are. */
  readonly blocks: number;
  /** Of the first convolution and of those in the blocks; 7 and 3 unless given. */
  readonly kernelSizes?: readonly [number, number];
  /** Share of the units that is dropped in training; 0 unless given. */
  readonly dropout?: number;
}

/**
 * Masked convolutions over an image, in residual blocks. Pixels come row by row.
 * @throws ArgumentError for an odd number of channels
 * @see DGM §2.4. Pixel Recurrent Neural Networks (van den Oord et al., 2016)
 */
export function pixelCnn({
  hidden,
  blocks,
  kernelSizes = [7, 3],
  dropout = 0,
  ...options
}: PixelCnnOptions): AutoregressiveModel {
  if (hidden % 2 !== 0) {
    throw new ArgumentError({
      where: 'pixelCnn',
      argument: 'hidden',
      expected: 'to be even',
      actual: String(hidden),
    });
  }
  return imageModel(
    options,
    (sizes) => new PixelCnnBody({ ...sizes, hidden, blocks, kernelSizes, dropout, key: options.key }),
  );
}
