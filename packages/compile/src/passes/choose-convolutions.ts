import { createNode } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

/** From this many input channels on, a product with patches is the faster convolution: see `bench/convolutions.ts`. */
const CHANNELS_FOR_PRODUCTS = 32;

/** How a convolution is computed: by the runtime's own operator, or as the product of patches with the filter. */
export type ConvolutionForm = 'convolution' | 'product';

/** Chooses the form of each convolution by its number of channels. */
export const chooseConvolutions: Rule = (node) => {
  if (node.kernel !== 'Conv2D' || 'form' in node.attributes) return undefined;
  const [height, width, channels] = node.inputs[1]!.shape as [number, number, number];
  const isProduct = channels >= CHANNELS_FOR_PRODUCTS || height * width === 1;
  const form: ConvolutionForm = isProduct ? 'product' : 'convolution';
  return createNode('Conv2D', node.inputs, { ...node.attributes, form }, node.outputs).outputs;
};
