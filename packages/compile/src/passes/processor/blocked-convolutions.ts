import { createNode } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { convolutionGeometry } from '../../kernels/convolution-geometry';
import type { Geometry } from '../../kernels/convolution-geometry';
import { padded, reshape, transpose } from '../spectral/nodes';

/** Below this many multiply-adds the time goes into nodes, of which the other forms have fewer. */
const LEAST_WORK = 1e6;
/** So much more may be computed for examples that fill up a block. */
const MOST_FILLED = 1.25;

/**
 * Computes convolutions, and the gradients of their filters, by the runtime's direct convolution, which needs no patches and reaches the
 * speed of large products with few channels: 64 images of 8 x 8 with 16 channels and 3 x 3 taps take 0.2 ms, and the gradient of the
 * filter 0.4 ms, where products with patches take 0.5 and 0.75.
 *
 * The gradient of a filter is a convolution, too, in which examples and channels change places: of `[inputs, n, height, width]` with dy
 * as a filter `[outputs, n, outHeight, outWidth]`.
 *
 * @param block - how many channels the runtime takes at a time
 */
export function blockedConvolutions(block: number): Rule {
  return (node) => {
    switch (node.kernel) {
      case 'Conv2D':
        return convolution(node, block);
      case 'Conv2DBackpropFilter':
        return filterGradient(node, block);
      default:
        return undefined;
    }
  };
}

function convolution(
  { inputs: [x, filter, ...bias], outputs: [y], attributes }: Node,
  block: number,
): Value[] | undefined {
  const geometry = convolutionGeometry(x!.shape, filter!.shape, attributes);
  const { batchSize, inChannels, outChannels, inHeight, inWidth, outHeight, outWidth } = geometry;
  const { filterHeight, filterWidth } = geometry;
  const taps = filterHeight * filterWidth;
  if (taps === 1 || inChannels % block !== 0 || outChannels % block !== 0) return undefined;
  if (batchSize * outHeight * outWidth * taps * inChannels * outChannels < LEAST_WORK) return undefined;
  const [of, from] = [outChannels / block, inChannels / block];
  const image = toBlocks(x!, [batchSize, inChannels, inHeight, inWidth], block);
  const blocks = transpose(reshape(filter!, [taps, from, block, of, block]), [3, 1, 0, 2, 4]);
  const weights = reshape(blocks, [outChannels, inChannels, filterHeight, filterWidth]);
  const result = blocked([image, weights, ...bias], geometry, [batchSize, outChannels, outHeight, outWidth]);
  return [fromBlocks(result, y!, block)];
}

/** An image as the convolution reads it; one block of channels lies there as it is. */
function toBlocks(x: Value, shape: readonly [number, number, number, number], block: number): Value {
  if (shape[1] === block) return reshape(x, shape);
  return createNode('Blocked', [x], {}, [{ shape, dtype: x.dtype }]).outputs[0]!;
}

/** What the convolution made, with all channels of a position side by side. */
function fromBlocks(result: Value, y: Value, block: number): Value {
  const channels = result.shape[1]!;
  if (channels === block) return reshape(result, y.shape);
  return createNode('Unblocked', [result], { channels }, [y]).outputs[0]!;
}

function filterGradient(
  { inputs: [x, dy], outputs: [result], attributes }: Node,
  block: number,
): Value[] | undefined {
  const geometry = convolutionGeometry(x!.shape, result!.shape, attributes);
  const { batchSize, inChannels, outChannels, inHeight, outHeight, outWidth, padInfo } = geometry;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = geometry;
  const taps = filterHeight * filterWidth;
  const groups = Math.ceil(batchSize / block);
  const examples = groups * block;
  // With a stride there may be rows of the image that no position reaches, and the result would be larger.
  if (taps === 1 || outChannels % block !== 0 || strideHeight * strideWidth !== 1) return undefined;
  if (examples > MOST_FILLED * batchSize) return undefined;
  if (examples * outHeight * outWidth * taps * inChannels * outChannels < LEAST_WORK) return undefined;
  // The runtime is slow where taps fall beside the image, to the left and to the right.
  const { left, right, top, bottom } = padInfo;
  const rest = [0, examples - batchSize] as const;
  const wide = padded(x!, [rest, [0, 0], [left, right], [0, 0]]);
  const [positions, width] = [inHeight * wide.shape[2]!, wide.shape[2]!];
  const channelsFirst = transpose(reshape(wide, [examples * positions, inChannels]), [1, 0]);
  const byChannel = transpose(reshape(channelsFirst, [inChannels * groups, block, positions]), [0, 2, 1]);
  const image = reshape(byChannel, [inChannels, examples, inHeight, width]);
  const of = outChannels / block;
  const all = padded(dy!, [rest, [0, 0], [0, 0], [0, 0]]);
  const byExample = reshape(all, [groups, block, outHeight * outWidth, of, block]);
  const seen = reshape(transpose(byExample, [3, 0, 2, 1, 4]), [outChannels, examples, outHeight, outWidth]);
  const exchanged: Geometry = {
    ...geometry,
    ...{ filterHeight: outHeight, filterWidth: outWidth },
    ...{ strideHeight: geometry.dilationHeight, strideWidth: geometry.dilationWidth },
    ...{ dilationHeight: 1, dilationWidth: 1 },
    padInfo: { ...padInfo, top, bottom, left: 0, right: 0 },
  };
  const sums = blocked([image, seen], exchanged, [inChannels, outChannels, filterHeight, filterWidth]);
  const byTap = transpose(reshape(sums, [inChannels, of, taps, block]), [2, 0, 1, 3]);
  return [reshape(byTap, result!.shape)];
}

function blocked(inputs: readonly Value[], geometry: Geometry, shape: readonly number[]): Value {
  return createNode('BlockedConv2D', inputs, { geometry }, [{ shape, dtype: 'float32' }]).outputs[0]!;
}
