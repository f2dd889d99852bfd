import { GatedPixelCnnBody } from '../layers/gated-pixel-cnn-body';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import { imageModel } from './image-model';
import { anything, count, counts, makeArm, optional, share } from './options';
import type { ImageArmOptions } from './image-model';

export interface GatedPixelCnnOptions extends ImageArmOptions {
  /** Channels of each stack. */
  readonly hidden: number;
  /** How many gated layers there are. */
  readonly blocks: number;
  /**
   * How far the first convolutions look back, and those of the blocks (their own row or pixel included).
   * @defaultValue [3, 2]
   */
  readonly reaches?: readonly [number, number];
  /**
   * Share of the units that is dropped in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
}

/**
 * PixelCNN with gated units and two stacks, one for the rows above and one for the pixels to the left, so that no pixel
 * that came before is left out of sight. Pixels come row by row.
 * @see DGM Eq. 2.16. Conditional Image Generation with PixelCNN Decoders (van den Oord et al., 2016)
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 17 });
 * const model = gatedPixelCnn({ shape: [8, 8, 1], likelihood, hidden: 16, blocks: 3, key });
 * ```
 */
export function gatedPixelCnn(options: GatedPixelCnnOptions): AutoregressiveModel {
  return makeArm(options, {
    name: 'gatedPixelCnn',
    ordered: false,
    own: {
      plane: optional(counts),
      positions: anything,
      hidden: count,
      blocks: count,
      reaches: optional(counts),
      dropout: optional(share),
    },
    build,
  });
}

function build({
  hidden,
  blocks,
  reaches = [3, 2],
  dropout = 0,
  ...options
}: GatedPixelCnnOptions): AutoregressiveModel {
  return imageModel(
    'gatedPixelCnn',
    options,
    (sizes) => new GatedPixelCnnBody({ ...sizes, hidden, blocks, reaches, dropout, key: options.key }),
  );
}
