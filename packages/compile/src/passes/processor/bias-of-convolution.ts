import { createNode, producer, readersOf } from '../../graph/graph';
import type { Graph, Node, Value } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';
import type { ConvolutionForm } from '../choose-convolutions';
import { reshaped } from './narrow-rows';

/** The forms that end in an operator which adds a number to each channel on the way. */
const TAKES_BIAS: ReadonlySet<unknown> = new Set<ConvolutionForm>(['convolution', 'product']);

/** Adds a bias within the convolution that it follows, also where its result is reshaped before, where nothing else reads that. */
export function biasOfConvolution(graph: Graph): Graph {
  const readers = readersOf(graph);
  return rewrite(graph, (node, original) => {
    if (node.kernel !== 'Add') return undefined;
    for (const at of [0, 1]) {
      const convolution = convolutionBehind(node.inputs[at]!, original.inputs[at]!, readers);
      if (convolution === undefined) continue;
      const { inputs, attributes, outputs } = convolution;
      const bias = node.inputs[1 - at]!;
      const channels = outputs[0]!.shape.at(-1);
      const isBias =
        bias.shape.length === 1 && bias.shape[0] === channels && node.outputs[0]!.shape.at(-1) === channels;
      if (!isBias || inputs.length > 2 || !TAKES_BIAS.has(attributes['form'])) continue;
      const sum = createNode('Conv2D', [...inputs, bias], attributes, outputs).outputs[0]!;
      return [reshaped(sum, node.outputs[0]!.shape)];
    }
    return undefined;
  });
}

/** The convolution that a value is, or is a reshaped one of, where nothing else reads either. */
function convolutionBehind(
  value: Value,
  original: Value,
  readers: ReadonlyMap<Value, number>,
): Node | undefined {
  const [node, written] = [producer(value), producer(original)];
  if (node === undefined || written === undefined || readers.get(original) !== 1) return undefined;
  if (node.kernel === 'Reshape') return convolutionBehind(node.inputs[0]!, written.inputs[0]!, readers);
  return node.kernel === 'Conv2D' ? node : undefined;
}
