import { sizeOf } from '@dgm/core';
import { createNode } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { convolutionGeometry } from '../../kernels/convolution-geometry';
import type { Geometry } from '../../kernels/convolution-geometry';
import { reshape, transpose } from '../spectral/nodes';
import { firstOf } from './image-layout';

/** Below this many multiply-adds the time goes into nodes, of which the other forms have fewer. */
const LEAST_WORK = 1e6;
/** Patches of an image with fewer channels are small, and the convolution itself has them as well. */
const FEWEST_CHANNELS = 8;

/**
 * Computes the gradient of a filter as one convolution of whole rows, in which examples take the place of channels. With the numbers of a
 * row side by side, `[1, n, height, width * C]`, a step of C numbers is a step of one position, so that
 *
 * $$\frac{\partial L}{\partial W_{ijco}} = \sum_{n, h, w} x_{n,\, h + i,\, (w + j) C + c} \; \delta_{nhwo}$$
 *
 * has filters $\delta$, `[outputs, n, outHeight, outWidth]`, that read every C-th number of a row. The image is read where it lies; the
 * runtime copies what taps see a part at a time, as much as a cache holds. 64 images of 28 x 28 with 32 channels and 3 x 3 taps take
 * 19 ms where the runtime's convolution by blocks of channels takes 24, which all had to be copied to, and with 64 channels 58 in place
 * of 106.
 *
 * The operand with more channels is the filter: the more of these, the less the copies count.
 */
export const filterGradientByRows: Rule = (node) => {
  if (!isByRows(node)) return undefined;
  const [x, dy] = node.inputs as [Value, Value];
  const [result] = node.outputs as [Value];
  const geometry = geometryOf(node);
  const { filterHeight, filterWidth, inChannels, outChannels } = geometry;
  if (isImageX(geometry)) {
    const sums = convolvedRows(x, dy, geometry);
    return [
      reshape(
        transpose(reshape(sums, [outChannels, sizeOf(result.shape) / outChannels]), [1, 0]),
        result.shape,
      ),
    ];
  }
  const taps = filterHeight * filterWidth;
  const sums = convolvedRows(dy, x, mirrored(geometry));
  const byTap = transpose(reshape(sums, [inChannels, taps, outChannels]), [1, 0, 2]);
  const inOrder = createNode('Reverse', [byTap], { dims: [0] }, [byTap]).outputs[0]!;
  return [reshape(inOrder, result.shape)];
};

/** Whether the gradient of a filter is computed so. */
export function isByRows(node: Node): boolean {
  if (node.kernel !== 'Conv2DBackpropFilter') return false;
  const geometry = geometryOf(node);
  const { batchSize, outHeight, outWidth, filterHeight, filterWidth, inChannels, outChannels } = geometry;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  if (filterHeight * filterWidth === 1) return false;
  if ([strideHeight, strideWidth, dilationHeight, dilationWidth].some((step) => step !== 1)) return false;
  if (inChannels < FEWEST_CHANNELS && inChannels <= outChannels) return false;
  const positions = batchSize * outHeight * outWidth;
  return positions * filterHeight * filterWidth * inChannels * outChannels >= LEAST_WORK;
}

/** Whether the gradient of a filter reads one of its operands with the channels first as easily as with the channels last. */
export function readsAnyLayoutByRows(node: Node, operand: Value): boolean {
  return isByRows(node) && operand !== node.inputs[isImageX(geometryOf(node)) ? 0 : 1];
}

/** Whether x is the image and dy the filter: where dy has no fewer channels, or some taps see nothing but padding. */
function isImageX({ inChannels, outChannels, filterHeight, filterWidth, padInfo }: Geometry): boolean {
  const { top, bottom, left, right } = padInfo;
  const isWide = Math.max(top, bottom) >= filterHeight || Math.max(left, right) >= filterWidth;
  return outChannels >= inChannels || isWide;
}

function geometryOf({ inputs: [x], outputs: [filter], attributes }: Node): Geometry {
  return convolutionGeometry(x!.shape, filter!.shape, attributes);
}

/** The same sums with x as the filter of dy: the taps in reverse. */
function mirrored(geometry: Geometry): Geometry {
  const { filterHeight, filterWidth, inHeight, inWidth, padInfo } = geometry;
  return {
    ...geometry,
    ...{ outHeight: inHeight, outWidth: inWidth },
    padInfo: {
      ...padInfo,
      top: filterHeight - 1 - padInfo.top,
      bottom: filterHeight - 1 - padInfo.bottom,
      left: filterWidth - 1 - padInfo.left,
      right: filterWidth - 1 - padInfo.right,
    },
  };
}

/** The sums over all examples and positions, `[1, channels of the filter, filterHeight, filterWidth * channels of the image]`. */
function convolvedRows(image: Value, filter: Value, { filterHeight, filterWidth, ...rest }: Geometry): Value {
  const [examples, height, width, channels] = image.shape as [number, number, number, number];
  const filters = filter.shape[3]!;
  const first = firstOf(filter);
  const byChannel =
    first === undefined
      ? transpose(reshape(filter, [sizeOf(filter.shape) / filters, filters]), [1, 0])
      : transpose(first, [1, 0, 2]);
  const { padInfo, outHeight, outWidth } = rest;
  const geometry: Geometry = {
    ...rest,
    ...{ filterHeight: outHeight, filterWidth: outWidth, dilationWidth: channels },
    padInfo: { ...padInfo, left: padInfo.left * channels, right: padInfo.right * channels },
  };
  const inputs = [
    reshape(image, [1, examples, height, width * channels]),
    reshape(byChannel, [filters, examples, outHeight, outWidth]),
  ];
  const shape = [1, filters, filterHeight, filterWidth * channels];
  return createNode('FirstConv2D', inputs, { geometry }, [{ shape, dtype: 'float32' }]).outputs[0]!;
}
