import { convolutionGeometry } from '../../kernels/convolution-geometry';
import type { Geometry } from '../../kernels/convolution-geometry';
import { producer } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { ConvolutionAxis } from './fourier-algorithm';

/** A convolution of `[batch, height, width, inChannels]` with stride 1, of which a node computes the result or a gradient. */
export interface ConvolutionTask {
  readonly batch: number;
  /** Height and width. */
  readonly axes: readonly [ConvolutionAxis, ConvolutionAxis];
  readonly inChannels: number;
  readonly outChannels: number;
}

/**
 * The axes that a transform takes in. One with a single tap and no padding is left as it is: each of its positions is an
 * example.
 */
export function transformedAxes({ axes }: ConvolutionTask): readonly ConvolutionAxis[] {
  return axes.filter(isTransformed);
}

export function isTransformed({ taps, before, after }: ConvolutionAxis): boolean {
  return taps > 1 || before > 0 || after > 0;
}

/** What a node has to do with a convolution y of x and a filter. */
export type ConvolutionRole =
  | { readonly result: 'y'; readonly task: ConvolutionTask; readonly x: Value; readonly filter: Value }
  | { readonly result: 'dx'; readonly task: ConvolutionTask; readonly dy: Value; readonly filter: Value }
  | { readonly result: 'dfilter'; readonly task: ConvolutionTask; readonly x: Value; readonly dy: Value };

/** The part that a node plays, if it is a convolution with stride 1 or a gradient of one. */
export function convolutionRole({ kernel, inputs, outputs, attributes }: Node): ConvolutionRole | undefined {
  const [a, b] = inputs;
  const [result] = outputs;
  if (a === undefined || b === undefined || result === undefined) return undefined;
  const taskOf = (x: Value, filter: Value) => taskFor(convolutionGeometry(x.shape, filter.shape, attributes));
  switch (kernel) {
    case 'Conv2D': {
      const task = taskOf(a, b);
      const filter = mirrored(b);
      const forward = task && filter && transposed(task);
      if (forward !== undefined) return { result: 'dx', task: forward, dy: a, filter: filter! };
      return task && { result: 'y', task, x: a, filter: b };
    }
    case 'Conv2DBackpropInput': {
      const task = taskOf(result, b);
      return task && { result: 'dx', task, dy: a, filter: b };
    }
    case 'Conv2DBackpropFilter': {
      const task = taskOf(a, result);
      return task && { result: 'dfilter', task, x: a, dy: b };
    }
    default:
      return undefined;
  }
}

function taskFor(geometry: Geometry): ConvolutionTask | undefined {
  const { batchSize, inChannels, outChannels, padInfo } = geometry;
  if (geometry.strideHeight !== 1 || geometry.strideWidth !== 1) return undefined;
  const height = {
    inputs: geometry.inHeight,
    outputs: geometry.outHeight,
    taps: geometry.filterHeight,
    dilation: geometry.dilationHeight,
    before: padInfo.top,
    after: padInfo.bottom,
  };
  const width = {
    inputs: geometry.inWidth,
    outputs: geometry.outWidth,
    taps: geometry.filterWidth,
    dilation: geometry.dilationWidth,
    before: padInfo.left,
    after: padInfo.right,
  };
  return { batch: batchSize, axes: [height, width], inChannels, outChannels };
}

/** The filter of which another is the mirror image with channels exchanged, as in the gradient of a convolution's input. */
function mirrored(filter: Value): Value | undefined {
  const exchange = producer(filter);
  if (exchange?.kernel !== 'Transpose' || String(exchange.attributes['perm']) !== '0,1,3,2') return undefined;
  const mirror = producer(exchange.inputs[0]!);
  if (mirror?.kernel !== 'Reverse') return undefined;
  const [height, width] = filter.shape as [number, number];
  const dims = [mirror.attributes['dims']].flat();
  const isWhole = (height === 1 || dims.includes(0)) && (width === 1 || dims.includes(1));
  return isWhole && dims.every((axis) => axis === 0 || axis === 1) ? mirror.inputs[0] : undefined;
}

/** The convolution whose input gradient a convolution with the mirrored filter is. */
function transposed({ batch, axes, inChannels, outChannels }: ConvolutionTask): ConvolutionTask | undefined {
  const [height, width] = axes.map(({ inputs, outputs, taps, dilation, before, after }) => {
    const reach = (taps - 1) * dilation;
    const rest = { before: reach - before, after: reach - after };
    return { inputs: outputs, outputs: inputs, taps, dilation, ...rest };
  }) as [ConvolutionAxis, ConvolutionAxis];
  if ([height, width].some(({ before, after }) => before < 0 || after < 0)) return undefined;
  return { batch, axes: [height, width], inChannels: outChannels, outChannels: inChannels };
}
