import type { OnnxBuilder } from './onnx-builder';
import { mirroredGeometry } from './convolution-geometry';
import type { Geometry } from './convolution-geometry';
import { patches } from './patches';

/**
 * A convolution with stride 1 that multiplies each position of the input by all taps at once and then sums what belongs to an
 * output: the cheaper form where there are fewer channels after it than before, because copies are of products, not of inputs.
 */
export function spread(
  onnx: OnnxBuilder,
  [x, filter]: readonly [string, string],
  geometry: Geometry,
): string {
  const { batchSize, inHeight, inWidth, inChannels, outChannels } = geometry;
  const taps = geometry.filterHeight * geometry.filterWidth;
  const byChannel = onnx.node('Transpose', [onnx.reshape(filter, [taps, inChannels, outChannels])], {
    perm: [1, 0, 2],
  });
  const products = onnx.node(
    'Gemm',
    [
      onnx.reshape(x, [batchSize * inHeight * inWidth, inChannels]),
      onnx.reshape(byChannel, [inChannels, taps * outChannels]),
    ],
    { transA: 0, transB: 0 },
  );
  return sumOfTaps(
    onnx,
    onnx.reshape(products, [batchSize, inHeight, inWidth, taps * outChannels]),
    geometry,
  );
}

/** For each output position the sum of the products of the input positions under its taps. */
function sumOfTaps(onnx: OnnxBuilder, products: string, geometry: Geometry): string {
  const { outHeight, outWidth, outChannels, filterHeight, filterWidth, padInfo } = geometry;
  const { top, left, bottom, right } = padInfo;
  const sizes = onnx.int64([0, top, left, 0, 0, bottom, right, 0]);
  const padded =
    top + left + bottom + right === 0
      ? products
      : onnx.node('Pad', [products, sizes, onnx.scalar(0, 'float32')]);
  const axes = onnx.int64([1, 2, 3]);
  const terms = Array.from({ length: filterHeight * filterWidth }, (_, tap) => {
    const from = [
      Math.floor(tap / filterWidth) * geometry.dilationHeight,
      (tap % filterWidth) * geometry.dilationWidth,
      tap * outChannels,
    ];
    const size = [outHeight, outWidth, outChannels];
    const to = from.map((start, axis) => start + size[axis]!);
    return onnx.node('Slice', [padded, onnx.int64(from), onnx.int64(to), axes]);
  });
  return terms.length === 1 ? terms[0]! : onnx.node('Sum', terms);
}

/** The gradient of the filter from patches of dy, which the gradient of the input has as well: a tap sees dy mirrored. */
export function spreadFilterGradient(
  onnx: OnnxBuilder,
  [x, dy]: readonly string[],
  geometry: Geometry,
): string {
  const { batchSize, inHeight, inWidth, inChannels, outChannels, filterHeight, filterWidth } = geometry;
  const taps = filterHeight * filterWidth;
  const product = onnx.node(
    'Gemm',
    [
      onnx.reshape(x!, [batchSize * inHeight * inWidth, inChannels]),
      patches(onnx, dy!, mirroredGeometry(geometry)),
    ],
    { transA: 1, transB: 0 },
  );
  // [inChannels, taps in reverse, outChannels]
  const byTap = onnx.node('Transpose', [onnx.reshape(product, [inChannels, taps, outChannels])], {
    perm: [1, 0, 2],
  });
  const reversed = onnx.node('Slice', [
    byTap,
    ...[-1, Number.MIN_SAFE_INTEGER, 0, -1].map((n) => onnx.int64([n])),
  ]);
  return onnx.reshape(reversed, [filterHeight, filterWidth, inChannels, outChannels]);
}
