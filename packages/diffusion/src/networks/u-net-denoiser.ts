import { Reshape, Sequential, uNet } from '@dgm/core';
import type { UNetOptions } from '@dgm/core';
import { record } from '../record';
import { checkedDenoiser, Denoiser, TIME, type DenoiserOptions } from './denoiser';
import { imageOf } from './image';

export interface UNetDenoiserOptions
  extends
    DenoiserOptions,
    Pick<UNetOptions, 'channels' | 'multipliers' | 'blocks' | 'attention' | 'heads' | 'groups'> {
  /** Height and width of the image. @defaultValue those of `shape`, or a square for flat images */
  readonly plane?: readonly [number, number];
}

/**
 * Core's U-Net as a denoiser of images.
 * @throws ArgumentError for an option that is unknown or out of its range, or a shape that is no image
 *
 * @example
 * ```ts
 * const network = uNetDenoiser({ shape: [8, 8, 1], outputs: 17, channels: 16, multipliers: [1, 2], key });
 * const model = gaussianDiffusion({ shape: [8, 8, 1], levels: 17, network });
 * ```
 */
export function uNetDenoiser(options: UNetDenoiserOptions): Denoiser {
  const where = 'uNetDenoiser';
  const { entries, outputs, contextSize, lead } = checkedDenoiser(where, options);
  const { plane, dropout = 0, key, ...network } = lead;
  const image = imageOf(where, options.shape, plane);
  const { height, width, channels } = image;
  const body = new Sequential([
    new Reshape({ shape: [height, width, channels * entries.size] }),
    uNet({
      ...{ ...network, dropout, key, contextSize: 1 + contextSize, time: TIME },
      ...{ inputs: channels * entries.size, outputs: channels * outputs },
    }),
  ]);
  const made = new Denoiser({ shape: options.shape, outputs, entries, contextSize, body });
  return record(made, 'uNetDenoiser', arguments);
}
