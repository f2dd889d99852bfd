import { sameShape } from '@dgm/core';
import { createNode, producer } from '../graph/graph';
import type { Node, Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';
import { convolutionGeometry } from '../kernels/convolution-geometry';

/**
 * Reads the gradient of a dilated filter for what it is. tfjs has no kernel for it, so that it is captured as a convolution in
 * which the batch plays the part of the channels: of `[inputs, height, width, n]` with `[outHeight, outWidth, n, outputs]`,
 * strides and dilations exchanged. As one kernel it needs none of these copies, and shares the patches of the convolution.
 */
export const readFilterGradient: Rule = (node) => {
  const [y] = node.outputs;
  const taps = transposed(node, [1, 2, 0, 3]);
  const convolution = taps && producer(withRemainder(taps));
  if (y === undefined || convolution?.kernel !== 'Conv2D') return undefined;
  const [image, kernel] = convolution.inputs as [Value, Value];
  const [x, dy] = [transposed(producer(image), [3, 1, 2, 0]), transposed(producer(kernel), [1, 2, 0, 3])];
  if (x === undefined || dy === undefined) return undefined;
  const geometry = convolutionGeometry(image.shape, kernel.shape, convolution.attributes);
  const { top, bottom, left, right } = geometry.padInfo;
  const attributes = {
    strides: [geometry.dilationHeight, geometry.dilationWidth],
    dilations: [geometry.strideHeight, geometry.strideWidth],
    pad: [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
    filterShape: y.shape,
  };
  if (!sameShape(convolutionGeometry(x.shape, y.shape, attributes).outShape, dy.shape)) return undefined;
  return createNode('Conv2DBackpropFilter', [x, dy], attributes, [y]).outputs;
};

/** What a node transposes in this very way, if it does. */
function transposed(node: Node | undefined, permutation: readonly number[]): Value | undefined {
  if (node?.kernel !== 'Transpose') return undefined;
  return sameShape(node.attributes['perm'] as readonly number[], permutation) ? node.inputs[0] : undefined;
}

/** A value with the rows and columns that were cut off at its end: those of an image that no position reaches. */
function withRemainder(value: Value): Value {
  const node = producer(value);
  if (node?.kernel !== 'Slice') return value;
  const whole = node.inputs[0]!;
  const isFirst = (node.attributes['begin'] as readonly number[]).every((begin) => begin === 0);
  const keepsChannels = [0, 3].every((axis) => whole.shape[axis] === value.shape[axis]);
  return isFirst && keepsChannels ? whole : value;
}
