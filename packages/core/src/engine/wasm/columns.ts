import type { backend_util } from '@tensorflow/tfjs-core';

type Convolution = backend_util.Conv2DInfo;

/**
 * Calls `visit` for every run of output positions that one filter entry touches along a row of the image: output
 * `column` + i belongs to image entry `entry` + i * `step`. Padding is left out, so no run leaves the image.
 *
 * `row` counts (filter row, filter column, channel), `column` counts (image, output row, output column).
 */
function forEachRun(
  conv: Convolution,
  visit: (row: number, column: number, entry: number, step: number, length: number) => void,
): void {
  const { inChannels, inHeight, inWidth, outHeight, outWidth } = conv;
  const step = conv.strideWidth * inChannels;
  for (let filterRow = 0; filterRow < conv.filterHeight; filterRow++) {
    for (let filterColumn = 0; filterColumn < conv.filterWidth; filterColumn++) {
      const shift = filterColumn * conv.dilationWidth - conv.padInfo.left;
      const first = Math.max(0, Math.ceil(-shift / conv.strideWidth));
      const last = Math.min(outWidth - 1, Math.floor((inWidth - 1 - shift) / conv.strideWidth));
      for (let channel = 0; channel < inChannels && first <= last; channel++) {
        const row = (filterRow * conv.filterWidth + filterColumn) * inChannels + channel;
        for (let image = 0; image < conv.batchSize; image++) {
          for (let outRow = 0; outRow < outHeight; outRow++) {
            const inRow = outRow * conv.strideHeight + filterRow * conv.dilationHeight - conv.padInfo.top;
            if (inRow < 0 || inRow >= inHeight) continue;
            const column = (image * outHeight + outRow) * outWidth + first;
            const inColumn = first * conv.strideWidth + shift;
            const entry = ((image * inHeight + inRow) * inWidth + inColumn) * inChannels + channel;
            visit(row, column, entry, step, last - first + 1);
          }
        }
      }
    }
  }
}

/** The number of output positions of a convolution, over all images. */
export function numPositions({ batchSize, outHeight, outWidth }: Convolution): number {
  return batchSize * outHeight * outWidth;
}

/** The number of entries of one filter. */
export function filterSize({ filterHeight, filterWidth, inChannels }: Convolution): number {
  return filterHeight * filterWidth * inChannels;
}

/** Writes into `columns` [filter entries, positions] what every filter entry sees of the images at every position. */
export function imagesToColumns(images: Float32Array, conv: Convolution, columns: Float32Array): void {
  const positions = numPositions(conv);
  columns.fill(0);
  forEachRun(conv, (row, column, entry, step, length) => {
    const start = row * positions + column;
    for (let i = 0; i < length; i++) columns[start + i] = images[entry + i * step]!;
  });
}

/** The transpose of {@link imagesToColumns}: adds up in `images` what the columns hold for each of their entries. */
export function columnsToImages(columns: Float32Array, conv: Convolution, images: Float32Array): void {
  const positions = numPositions(conv);
  images.fill(0);
  forEachRun(conv, (row, column, entry, step, length) => {
    const start = row * positions + column;
    for (let i = 0; i < length; i++) images[entry + i * step]! += columns[start + i]!;
  });
}
