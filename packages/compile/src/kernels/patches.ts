import type { OnnxBuilder } from '../onnx/onnx-builder';
import type { Geometry } from './convolution-geometry';

/**
 * The part of an image that each output position of a convolution sees: `[n · outHeight · outWidth, taps · channels]`.
 *
 * A convolution is the product of this with the filter, and the filter's gradient the product of its transpose with the
 * output's gradient, so that both share it. Copies are whole rows of channels: the layout of tfjs suits them.
 */
export function patches(onnx: OnnxBuilder, x: string, geometry: Geometry): string {
  const { batchSize, outHeight, outWidth, inChannels, filterHeight, filterWidth } = geometry;
  const rows = batchSize * outHeight * outWidth;
  return onnx.reshape(tapsOf(onnx, x, geometry), [rows, filterHeight * filterWidth * inChannels]);
}

/** `[n, outHeight, outWidth, taps · channels]` */
function tapsOf(onnx: OnnxBuilder, x: string, geometry: Geometry): string {
  const { top, left, bottom, right } = geometry.padInfo;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = geometry;
  const isPadded = [top, left, bottom, right].some((size) => size > 0);
  const padded = isPadded
    ? onnx.node('Pad', [x, onnx.int64([0, top, left, 0, 0, bottom, right, 0]), onnx.scalar(0, 'float32')])
    : x;
  const slices = Array.from({ length: filterHeight * filterWidth }, (_, tap) => {
    const start = [
      Math.floor(tap / filterWidth) * geometry.dilationHeight,
      (tap % filterWidth) * geometry.dilationWidth,
    ] as const;
    const end = [
      start[0] + (geometry.outHeight - 1) * strideHeight + 1,
      start[1] + (geometry.outWidth - 1) * strideWidth + 1,
    ] as const;
    if (coversAll(geometry, start, end)) return padded;
    return onnx.node('Slice', [
      padded,
      onnx.int64(start),
      onnx.int64(end),
      onnx.int64([1, 2]),
      onnx.int64([strideHeight, strideWidth]),
    ]);
  });
  return slices.length === 1 ? slices[0]! : onnx.node('Concat', slices, { axis: 3 });
}

type Position = readonly [number, number];

function coversAll(geometry: Geometry, start: Position, end: Position): boolean {
  const { top, left, bottom, right } = geometry.padInfo;
  return (
    geometry.strideHeight === 1 &&
    geometry.strideWidth === 1 &&
    start[0] === 0 &&
    start[1] === 0 &&
    end[0] === geometry.inHeight + top + bottom &&
    end[1] === geometry.inWidth + left + right
  );
}
