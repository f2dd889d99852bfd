import { createNode, producer, readersOf } from '../graph/graph';
import type { Graph, Node, Value } from '../graph/graph';
import { rewrite } from '../graph/rewrite';
import { convolutionGeometry } from '../kernels/convolution-geometry';

/** What lies around an image: above, below, on the left and on the right. */
type Border = readonly [number, number, number, number];

/**
 * Lets a convolution, and the gradient of its filter, pad the image themselves; and lets a convolution compute no border that is
 * cut off again, which is what the gradient of padding does. Core pads the images of masked convolutions before it convolves.
 */
export function absorbPadding(graph: Graph): Graph {
  const readers = readersOf(graph);
  return rewrite(graph, (node, original) => {
    if (node.kernel === 'Conv2D' || node.kernel === 'Conv2DBackpropFilter') return withoutPad(node);
    const isOnly = node.kernel === 'Slice' && readers.get(original.inputs[0]!) === 1;
    return isOnly ? withoutCrop(node) : undefined;
  });
}

function withoutPad(node: Node): readonly Value[] | undefined {
  const [image, ...others] = node.inputs as [Value, Value];
  const pad = producer(image);
  if (pad?.kernel !== 'PadV2' || pad.attributes['constantValue'] !== 0) return undefined;
  const [batch, rows, columns, channels] = pad.attributes['paddings'] as readonly (readonly number[])[];
  if ([batch, channels].some((sizes) => sizes!.some((size) => size > 0))) return undefined;
  const border = bordered(node, [...rows!, ...columns!] as unknown as Border);
  return border && createNode(node.kernel, [pad.inputs[0]!, ...others], border, node.outputs).outputs;
}

function withoutCrop(slice: Node): readonly Value[] | undefined {
  const [whole] = slice.inputs as [Value];
  const [part] = slice.outputs as [Value];
  const convolution = producer(whole);
  if (convolution?.kernel !== 'Conv2D' || convolution.inputs.length > 2) return undefined;
  const begin = slice.attributes['begin'] as readonly number[];
  const rest = whole.shape.map((size, axis) => size - begin[axis]! - part.shape[axis]!);
  const isInPlane = [0, 3].every((axis) => whole.shape[axis] === part.shape[axis]);
  const strides = [convolution.attributes['strides']].flat() as number[];
  if (!isInPlane || strides.some((stride) => stride > 1)) return undefined;
  const border = bordered(convolution, [-begin[1]!, -rest[1]!, -begin[2]!, -rest[2]!]);
  return border && createNode('Conv2D', convolution.inputs, border, [part]).outputs;
}

/** The attributes of a convolution, or of a filter's gradient, with more padding or less, where some is left. */
function bordered(node: Node, more: Border): Node['attributes'] | undefined {
  const [image, other] = node.inputs as [Value, Value];
  const filter = node.kernel === 'Conv2D' ? other : node.outputs[0]!;
  const { padInfo } = convolutionGeometry(image.shape, filter.shape, node.attributes);
  const sides = [padInfo.top, padInfo.bottom, padInfo.left, padInfo.right].map(
    (size, at) => size + more[at]!,
  );
  if (sides.some((size) => size < 0)) return undefined;
  const pad = [[0, 0], sides.slice(0, 2), sides.slice(2), [0, 0]];
  return { ...node.attributes, pad };
}
