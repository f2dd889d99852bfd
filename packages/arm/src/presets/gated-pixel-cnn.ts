import { GatedPixelCnnBody } from '../layers/gated-pixel-cnn-body';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import { imageModel } from './image-model';
import type { ImageArmOptions } from './image-model';

export interface GatedPixelCnnOptions extends ImageArmOptions {
  /** Channels of each stack. */
  readonly hidden: number;
  /** How many gated layers there are. */
  readonly blocks: number;
  /** How far the first convolutions look back, and those of the blocks (their own row or pixel included); 3 and 2 unless given. */
  readonly reaches?: readonly [number, number];
  /** Share of the units that is dropped in training; 0 unless given. */
  readonly dropout?: number;
}

/**
 * PixelCNN with gated units and two stacks, one for the rows above and one for the pixels to the left, so that no pixel
 * that came before is left out of sight. Pixels come row by row.
 * @see DGM Eq. 2.16. Conditional Image Generation with PixelCNN Decoders (van den Oord et al., 2016)
 */
export function gatedPixelCnn({
  hidden,
  blocks,
  reaches = [3, 2],
  dropout = 0,
  ...options
}: GatedPixelCnnOptions): AutoregressiveModel {
  return imageModel(
    options,
    (sizes) => new GatedPixelCnnBody({ ...sizes, hidden, blocks, reaches, dropout, key: options.key }),
  );
}
