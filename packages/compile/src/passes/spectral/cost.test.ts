import { describe, expect, test } from 'vitest';
import type { ConvolutionTask } from './convolution-task';
import { isSpectral } from './cost';

const axis = (size: number, taps: number, before: number) => ({
  ...{ inputs: size, outputs: size, taps, dilation: 1, before, after: taps - 1 - before },
});
const sequence = (
  length: number,
  taps: number,
  inChannels: number,
  outChannels = inChannels,
  batch = 64,
) => ({
  ...{ batch, inChannels, outChannels },
  axes: [axis(1, 1, 0), axis(length, taps, taps - 1)] as const,
});
const image = (side: number, taps: number, channels: number, batch = 64): ConvolutionTask => {
  const one = axis(side, taps, (taps - 1) / 2);
  return { batch, inChannels: channels, outChannels: channels, axes: [one, one] };
};

// As bench/convolutions.ts measures them.
describe('the choice of the frequency domain', () => {
  test.each([
    ['long kernels over many channels', sequence(64, 7, 256)],
    ['and over fewer', sequence(64, 7, 64)],
    ['small images', image(8, 3, 64)],
    ['with large kernels even of few channels', image(8, 7, 16)],
  ])('%s', (_, task) => expect(isSpectral(task)).toBe(true));

  test.each([
    ['few outputs, for which the inputs would be transformed', sequence(64, 7, 256, 17)],
    ['few examples, for which the filter would be', sequence(64, 7, 256, 256, 8)],
    ['many positions, of which each transform is a sum over all', image(28, 3, 32, 8)],
    ['a single tap', image(8, 1, 256)],
    ['little work', image(8, 3, 4, 2)],
  ])('not %s', (_, task) => expect(isSpectral(task)).toBe(false));
});
