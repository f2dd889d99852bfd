import type { OnnxBuilder } from './onnx-builder';
import type { Geometry } from './convolution-geometry';

/**
 * The part of an image that each output position of a convolution sees: `[n · outHeight · outWidth, taps · channels]`.
 *
 * A convolution is the product of this with the filter, and the filter's gradient the product of its transpose with the
 * output's gradient, so that both share it. One Gather copies whole rows of channels: the layout of tfjs suits it.
 */
export function patches(onnx: OnnxBuilder, x: string, geometry: Geometry): string {
  const { batchSize, inChannels, filterHeight, filterWidth, outHeight, outWidth } = geometry;
  const rows = batchSize * outHeight * outWidth;
  const taps = filterHeight * filterWidth;
  const [height, width] = paddedPlane(geometry);
  if (taps === 1 && rows === batchSize * height * width) return onnx.reshape(x, [rows, inChannels]);
  const pixels = onnx.reshape(padded(onnx, x, geometry), [batchSize, height * width, inChannels]);
  const seen = onnx.node('Gather', [pixels, onnx.int64(positions(geometry))], { axis: 1 });
  return onnx.reshape(seen, [rows, taps * inChannels]);
}

function padded(onnx: OnnxBuilder, x: string, { padInfo: { top, left, bottom, right } }: Geometry): string {
  if ([top, left, bottom, right].every((size) => size === 0)) return x;
  const sizes = onnx.int64([0, top, left, 0, 0, bottom, right, 0]);
  return onnx.node('Pad', [x, sizes, onnx.scalar(0, 'float32')]);
}

function paddedPlane({ inHeight, inWidth, padInfo }: Geometry): [number, number] {
  return [inHeight + padInfo.top + padInfo.bottom, inWidth + padInfo.left + padInfo.right];
}

/** For each output position and each tap: which pixel of the padded plane lies under it. */
function positions(geometry: Geometry): number[] {
  const { outHeight, outWidth, filterHeight, filterWidth } = geometry;
  const width = paddedPlane(geometry)[1];
  const pixels: number[] = [];
  for (let row = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
        for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
          const y = row * geometry.strideHeight + tapRow * geometry.dilationHeight;
          const x = column * geometry.strideWidth + tapColumn * geometry.dilationWidth;
          pixels.push(y * width + x);
        }
      }
    }
  }
  return pixels;
}
