import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { capture } from '../src/capture/capture';
import type { Graph } from '../src/graph/graph';

/** A convolution with stride 1 of images, or of sequences as images of height 1. */
export interface ConvolutionLayer {
  readonly batch: number;
  readonly plane: readonly [number, number];
  readonly taps: readonly [number, number];
  readonly inputs: number;
  readonly outputs: number;
  /** Zeros before and after each axis. */
  readonly padding: readonly [readonly [number, number], readonly [number, number]];
}

const causal = (
  length: number,
  taps: number,
  inputs: number,
  outputs = inputs,
  batch = 64,
): ConvolutionLayer => ({
  ...{ batch, plane: [1, length], taps: [1, taps], inputs, outputs },
  padding: [
    [0, 0],
    [taps - 1, 0],
  ],
});
const image = (side: number, taps: number, channels: number, batch = 64): ConvolutionLayer => {
  const around = [(taps - 1) / 2, (taps - 1) / 2] as const;
  return {
    ...{ batch, plane: [side, side], taps: [taps, taps], inputs: channels, outputs: channels },
    padding: [around, around],
  };
};

export const layers: readonly ConvolutionLayer[] = [
  causal(64, 7, 256),
  causal(64, 7, 256, 17),
  causal(64, 7, 128),
  causal(64, 7, 64),
  causal(64, 7, 32),
  causal(64, 3, 256),
  causal(64, 7, 256, 256, 8),
  causal(256, 7, 256, 256, 16),
  image(8, 3, 64),
  image(8, 3, 32),
  image(8, 5, 32),
  image(8, 7, 32),
  image(8, 7, 16),
  image(28, 3, 32, 8),
  image(28, 7, 32, 8),
];
export const nameOf = ({ batch, plane, taps, inputs, outputs }: ConvolutionLayer): string =>
  `${batch} × ${plane.join('×')}, kernel ${taps.join('×')}, ${inputs} to ${outputs}`;

/** The layer's result and both gradients, as core's layers ask for them. */
export function capturedLayer(the: ConvolutionLayer): Graph {
  const { graph } = capture(
    ({ tensors }) => {
      const { x, w, dy } = tensors as Record<'x' | 'w' | 'dy', Tensor4D>;
      const pad = [[0, 0], ...the.padding, [0, 0]] as never;
      const y = tf.conv2d(x!, w!, 1, pad);
      const rest = the.padding.map(([before, after], axis) => {
        const reach = the.taps[axis]! - 1;
        return [reach - before, reach - after];
      });
      const mirrored = tf.transpose(tf.reverse(w!, [0, 1]), [0, 1, 3, 2]);
      const dx = tf.conv2d(dy!, mirrored, 1, [[0, 0], ...rest, [0, 0]] as never);
      const filterShape = [...the.taps, the.inputs, the.outputs];
      const attributes = { strides: [1, 1], pad, dataFormat: 'NHWC', filterShape };
      const dw = tf.engine().runKernel(tf.Conv2DBackpropFilter, { x: x!, dy: dy! }, attributes);
      return { y, dx, dw: dw as tf.Tensor };
    },
    {
      x: { shape: [the.batch, ...the.plane, the.inputs] },
      w: { shape: [...the.taps, the.inputs, the.outputs] },
      dy: { shape: [the.batch, ...the.plane, the.outputs] },
    },
  );
  return graph;
}
