import { createNode, producer, readersOf } from '../../graph/graph';
import type { Graph } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';
import type { ConvolutionForm } from '../choose-convolutions';

/** The forms that end in an operator which adds a number to each channel on the way. */
const TAKES_BIAS: ReadonlySet<unknown> = new Set<ConvolutionForm>(['convolution', 'product']);

/** Adds a bias within the convolution that it follows, where nothing else reads the convolution's result. */
export function biasOfConvolution(graph: Graph): Graph {
  const readers = readersOf(graph);
  return rewrite(graph, (node, original) => {
    const at = node.kernel === 'Add' ? node.inputs.findIndex((x) => producer(x)?.kernel === 'Conv2D') : -1;
    if (at < 0 || readers.get(original.inputs[at]!) !== 1) return undefined;
    const bias = node.inputs[1 - at]!;
    const { inputs, attributes, outputs } = producer(node.inputs[at]!)!;
    const isBias = bias.shape.length === 1 && bias.shape[0] === outputs[0]!.shape.at(-1);
    if (!isBias || inputs.length > 2 || !TAKES_BIAS.has(attributes['form'])) return undefined;
    return createNode('Conv2D', [...inputs, bias], attributes, outputs).outputs;
  });
}
