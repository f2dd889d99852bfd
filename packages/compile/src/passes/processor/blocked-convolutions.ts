import { createNode, producer } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { convolutionGeometry } from '../../kernels/convolution-geometry';
import type { Geometry } from '../../kernels/convolution-geometry';
import { reshape, transpose } from '../spectral/nodes';
import { firstOf } from './image-layout';

/** Below this many multiply-adds the time goes into nodes, of which the other forms have fewer. */
const LEAST_WORK = 1e6;

/**
 * Computes convolutions by the runtime's direct convolution, which needs no patches and reaches the speed of large products with few
 * channels: 64 images of 8 x 8 with 16 channels and 3 x 3 taps take 0.2 ms, where products with patches take 0.5.
 *
 * @param block - how many channels the runtime takes at a time
 */
export function blockedConvolutions(block: number): Rule {
  return (node) => {
    switch (node.kernel) {
      case 'Conv2D':
        return convolution(node, block);
      case 'Transpose':
        return unblockedFirst(node);
      default:
        return undefined;
    }
  };
}

/** Whether a node will read an image with its channels first as easily as with its channels last. */
export function readsAnyLayout(node: Node, block: number): boolean {
  if (node.kernel !== 'Conv2D') return false;
  const geometry = geometryOf(node);
  return isBlocked(geometry, block) && geometry.inChannels > block;
}

/** Whether a node will make an image with its channels first as easily as with its channels last. */
export function makesAnyLayout(node: Node, block: number): boolean {
  if (node.kernel !== 'Conv2D') return false;
  const geometry = geometryOf(node);
  return isBlocked(geometry, block) && geometry.outChannels > block;
}

function geometryOf({ inputs: [x, filter], attributes }: Node): Geometry {
  return convolutionGeometry(x!.shape, filter!.shape, attributes);
}

function isBlocked(geometry: Geometry, block: number): boolean {
  const { batchSize, inChannels, outChannels, filterHeight, filterWidth, outHeight, outWidth } = geometry;
  const taps = filterHeight * filterWidth;
  if (taps === 1 || inChannels % block !== 0 || outChannels % block !== 0) return false;
  return batchSize * outHeight * outWidth * taps * inChannels * outChannels >= LEAST_WORK;
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

function blocked(inputs: readonly Value[], geometry: Geometry, shape: readonly number[]): Value {
  return createNode('BlockedConv2D', inputs, { geometry }, [{ shape, dtype: 'float32' }]).outputs[0]!;
}
