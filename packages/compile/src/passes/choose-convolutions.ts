import { createNode } from '../graph/graph';
import type { Node } from '../graph/graph';
import type { Rule } from '../graph/rewrite';
import { convolutionGeometry, mirroredGeometry } from '../kernels/convolution-geometry';
import type { Geometry } from '../kernels/convolution-geometry';

/** From this many channels on, a product with patches is the faster convolution: see `bench/convolutions.ts`. */
const CHANNELS_FOR_PRODUCTS = 32;

/**
 * How a convolution is computed: by the runtime's own operator; as the product of patches of its input with the filter; or as
 * the product of its input with all taps, summed where they meet.
 */
export type ConvolutionForm = 'convolution' | 'product' | 'spread';

/** Chooses the form of each convolution, and of each gradient of a filter, by its numbers of channels. */
export const chooseConvolutions: Rule = (node) => {
  const form = 'form' in node.attributes ? undefined : formOf(node);
  if (form === undefined) return undefined;
  return createNode(node.kernel, node.inputs, { ...node.attributes, form }, node.outputs).outputs;
};

function formOf({ kernel, inputs, outputs, attributes }: Node): ConvolutionForm | undefined {
  const [a, b] = inputs;
  const [result] = outputs;
  switch (kernel) {
    case 'Conv2D': {
      const geometry = convolutionGeometry(a!.shape, b!.shape, attributes);
      const { inChannels, filterHeight, filterWidth } = geometry;
      if (isNarrowing(geometry)) return 'spread';
      const isProduct = inChannels >= CHANNELS_FOR_PRODUCTS || filterHeight * filterWidth === 1;
      return isProduct || isNarrowing(mirroredGeometry(geometry)) ? 'product' : 'convolution';
    }
    case 'Conv2DBackpropFilter':
      return isNarrowing(convolutionGeometry(a!.shape, result!.shape, attributes)) ? 'spread' : 'product';
    default:
      return undefined;
  }
}

/** Whether copies are better made after the channels have become few. */
function isNarrowing(geometry: Geometry): boolean {
  const { inChannels, outChannels, strideHeight, strideWidth, filterHeight, filterWidth } = geometry;
  return (
    strideHeight === 1 &&
    strideWidth === 1 &&
    filterHeight * filterWidth > 1 &&
    inChannels >= CHANNELS_FOR_PRODUCTS &&
    2 * outChannels <= inChannels
  );
}
