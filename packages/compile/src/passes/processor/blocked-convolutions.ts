import { sizeOf } from '@dgm/core';
import { createNode, producer } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { convolutionGeometry } from '../../kernels/convolution-geometry';
import type { Geometry } from '../../kernels/convolution-geometry';
import { padded, reshape, transpose } from '../spectral/nodes';
import { firstOf } from './image-layout';

/** Below this many multiply-adds the time goes into nodes, of which the other forms have fewer. */
const LEAST_WORK = 1e6;
/**
 * With so few taps and so many outputs the gradient of a filter is better a product with patches, which are then few: of 48 to 96
 * channels at 64 positions of 64 examples 0.95 ms with two taps in place of 1.45, and 1.3 with three in place of 1.6.
 */
const [FEW_TAPS, WIDE] = [4, 96];
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
      case 'Transpose':
        return unblockedFirst(node);
      default:
        return undefined;
    }
  };
}

/** Whether a node will read an image with its channels first as easily as with its channels last. */
export function readsAnyLayout(node: Node, block: number): boolean {
  const isConvolution = node.kernel === 'Conv2D';
  if (!isConvolution && node.kernel !== 'Conv2DBackpropFilter') return false;
  const geometry = geometryOf(node);
  return isConvolution
    ? isBlocked(geometry, block) && geometry.inChannels > block
    : isBlockedGradient(geometry, block);
}

/** Whether a node will make an image with its channels first as easily as with its channels last. */
export function makesAnyLayout(node: Node, block: number): boolean {
  if (node.kernel !== 'Conv2D') return false;
  const geometry = geometryOf(node);
  return isBlocked(geometry, block) && geometry.outChannels > block;
}

function geometryOf({ kernel, inputs: [x, other], outputs: [result], attributes }: Node): Geometry {
  const filter = kernel === 'Conv2D' ? other! : result!;
  return convolutionGeometry(x!.shape, filter.shape, attributes);
}

function workOf(geometry: Geometry, examples: number): number {
  const { outHeight, outWidth, filterHeight, filterWidth, inChannels, outChannels } = geometry;
  return examples * outHeight * outWidth * filterHeight * filterWidth * inChannels * outChannels;
}

function isBlocked(geometry: Geometry, block: number): boolean {
  const { batchSize, inChannels, outChannels, filterHeight, filterWidth } = geometry;
  if (filterHeight * filterWidth === 1 || inChannels % block !== 0 || outChannels % block !== 0) return false;
  return workOf(geometry, batchSize) >= LEAST_WORK;
}

function isBlockedGradient(geometry: Geometry, block: number): boolean {
  const { batchSize, outChannels, filterHeight, filterWidth, strideHeight, strideWidth } = geometry;
  const examples = Math.ceil(batchSize / block) * block;
  const taps = filterHeight * filterWidth;
  // With a stride there may be rows of the image that no position reaches, and the result would be larger.
  if (taps === 1 || outChannels % block !== 0 || strideHeight * strideWidth !== 1) return false;
  if (taps <= FEW_TAPS && outChannels >= WIDE) return false;
  return examples <= MOST_FILLED * batchSize && workOf(geometry, examples) >= LEAST_WORK;
}

function convolution(node: Node, block: number): Value[] | undefined {
  const geometry = geometryOf(node);
  if (!isBlocked(geometry, block)) return undefined;
  const { inputs, outputs } = node;
  const [x, filter, ...bias] = inputs;
  const [y] = outputs;
  const { batchSize, inChannels, outChannels, inHeight, inWidth, outHeight, outWidth } = geometry;
  const { filterHeight, filterWidth } = geometry;
  const taps = filterHeight * filterWidth;
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
  const first = firstOf(x);
  const image = first === undefined ? x : reshape(first, shape);
  const attributes = { channelsLast: first === undefined };
  return createNode('Blocked', [image], attributes, [{ shape, dtype: x.dtype }]).outputs[0]!;
}

/** What the convolution made, with all channels of a position side by side. */
function fromBlocks(result: Value, y: Value, block: number): Value {
  const channels = result.shape[1]!;
  if (channels === block) return reshape(result, y.shape);
  return createNode('Unblocked', [result], { channels, channelsLast: true }, [y]).outputs[0]!;
}

/** What the convolution made with its channels first, where a Transpose asks for that. */
function unblockedFirst(node: Node): Value[] | undefined {
  const [image] = node.inputs as [Value];
  const [y] = node.outputs as [Value];
  const made = producer(image)?.kernel === 'Reshape' ? producer(image)!.inputs[0]! : image;
  const unblocked = producer(made);
  const isTurned = String(node.attributes['perm']) === '0,2,1' && unblocked?.kernel === 'Unblocked';
  if (!isTurned || y.shape[1] !== made.shape.at(-1)) return undefined;
  const [result] = unblocked.inputs as [Value];
  const attributes = { ...unblocked.attributes, channelsLast: false };
  return [reshape(createNode('Unblocked', [result], attributes, [result]).outputs[0]!, y.shape)];
}

function filterGradient(node: Node, block: number): Value[] | undefined {
  const geometry = geometryOf(node);
  if (!isBlockedGradient(geometry, block)) return undefined;
  const [x, dy] = node.inputs as [Value, Value];
  const { batchSize, inChannels, outChannels, inHeight, inWidth, outHeight, outWidth, padInfo } = geometry;
  const { filterHeight, filterWidth } = geometry;
  const taps = filterHeight * filterWidth;
  const groups = Math.ceil(batchSize / block);
  const examples = groups * block;
  const rest = [0, groups * block - batchSize] as const;
  const { left, right, top, bottom } = padInfo;
  const width = left + inWidth + right;
  const image = reshape(blocksOfExamples(x, geometry, { rest, groups, block }), [
    ...[inChannels, examples, inHeight, width],
  ]);
  const of = outChannels / block;
  const seen = reshape(blocksOfChannels(dy, geometry, { rest, groups, block }), [
    ...[outChannels, examples, outHeight, outWidth],
  ]);
  const exchanged: Geometry = {
    ...geometry,
    ...{ filterHeight: outHeight, filterWidth: outWidth },
    ...{ strideHeight: geometry.dilationHeight, strideWidth: geometry.dilationWidth },
    ...{ dilationHeight: 1, dilationWidth: 1 },
    padInfo: { ...padInfo, top, bottom, left: 0, right: 0 },
  };
  const sums = blocked([image, seen], exchanged, [inChannels, outChannels, filterHeight, filterWidth]);
  const byTap = transpose(reshape(sums, [inChannels, of, taps, block]), [2, 0, 1, 3]);
  return [reshape(byTap, node.outputs[0]!.shape)];
}

/** Blocks of examples, with zeros for examples after the last. */
interface Blocks {
  readonly rest: readonly [number, number];
  readonly groups: number;
  readonly block: number;
}

/**
 * An image by blocks of its examples, `[channels, examples / block, height, width, block]`, with the columns beside it: the runtime is slow
 * where taps fall beside the image, to the left and to the right.
 */
function blocksOfExamples(
  x: Value,
  { inChannels, inHeight, inWidth, padInfo }: Geometry,
  { rest, groups, block }: Blocks,
): Value {
  const none = [0, 0] as const;
  const sides = [padInfo.left, padInfo.right] as const;
  const first = firstOf(x);
  if (first === undefined) {
    const wide = padded(x, [rest, none, sides, none]);
    const byChannel = transpose(reshape(wide, [sizeOf(wide.shape) / inChannels, inChannels]), [1, 0]);
    return transpose(reshape(byChannel, [inChannels * groups, block, inHeight * wide.shape[2]!]), [0, 2, 1]);
  }
  // Short rows are copied slowly: columns come to rows that are block times as long.
  const all = padded(first, [rest, none, none]);
  const positions = inHeight * inWidth;
  const byExample = transpose(reshape(all, [groups, block, inChannels * positions]), [0, 2, 1]);
  const byChannel = transpose(reshape(byExample, [groups, inChannels, positions * block]), [1, 0, 2]);
  return padded(reshape(byChannel, [inChannels * groups, inHeight, inWidth, block]), [
    none,
    none,
    sides,
    none,
  ]);
}

/** The gradient of an image by blocks, `[channels / block, examples / block, positions, block, block]`, with examples after the last. */
function blocksOfChannels(
  dy: Value,
  { outChannels, outHeight, outWidth }: Geometry,
  { rest, groups, block }: Blocks,
): Value {
  const [of, positions] = [outChannels / block, outHeight * outWidth];
  const first = firstOf(dy);
  const none = [0, 0] as const;
  if (first === undefined) {
    const all = padded(dy, [rest, none, none, none]);
    return transpose(reshape(all, [groups, block, positions, of, block]), [3, 0, 2, 1, 4]);
  }
  const all = padded(first, [rest, none, none]);
  const byBlock = transpose(reshape(all, [groups * block, of, block * positions]), [1, 0, 2]);
  return transpose(reshape(byBlock, [of * groups, block * block, positions]), [0, 2, 1]);
}

function blocked(inputs: readonly Value[], geometry: Geometry, shape: readonly number[]): Value {
  return createNode('BlockedConv2D', inputs, { geometry }, [{ shape, dtype: 'float32' }]).outputs[0]!;
}
