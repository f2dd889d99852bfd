import { topologicalOrder, createNode } from '../../graph/graph';
import type { Graph, Node, Value } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';
import { convolutionGeometry } from '../../kernels/convolution-geometry';
import { isByRows } from './filter-gradient-by-rows';

/**
 * Makes a product with patches of each convolution whose filter's gradient is one, too: the patches are the same, and are there
 * then. Of 16 channels with 3 x 3 taps, 64 images of 8 x 8: 0.35 ms instead of 0.5 with the Transposes.
 */
export function sharePatches(graph: Graph): Graph {
  const nodes = topologicalOrder(graph.outputs.values());
  const seen = new Map<Value, Set<string>>();
  for (const node of nodes.filter(({ kernel }) => kernel === 'Conv2DBackpropFilter')) {
    if (node.attributes['form'] !== 'product' || isByRows(node)) continue;
    const image = node.inputs[0]!;
    seen.set(image, (seen.get(image) ?? new Set<string>()).add(windows(node, node.outputs[0]!)));
  }
  return rewrite(graph, (node, original) => {
    if (node.kernel !== 'Conv2D' || node.attributes['form'] !== 'convolution') return undefined;
    if (seen.get(original.inputs[0]!)?.has(windows(node, node.inputs[1]!)) !== true) return undefined;
    return createNode(node.kernel, node.inputs, { ...node.attributes, form: 'product' }, node.outputs)
      .outputs;
  });
}

/** What of an image the taps of a filter see. */
function windows({ inputs: [image], attributes }: Node, filter: Value): string {
  const geometry = convolutionGeometry(image!.shape, filter.shape, attributes);
  const { top, bottom, left, right } = geometry.padInfo;
  return [
    ...[geometry.filterHeight, geometry.filterWidth, geometry.strideHeight, geometry.strideWidth],
    ...[geometry.dilationHeight, geometry.dilationWidth, top, bottom, left, right],
  ].join(' ');
}
