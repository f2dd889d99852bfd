import type { OnnxBuilder } from './onnx-builder';

/** From tfjs's NHWC to ONNX's NCHW. */
export const toChannelsFirst = (onnx: OnnxBuilder, x: string) =>
  onnx.node('Transpose', [x], { perm: [0, 3, 1, 2] });

/** And back. */
export const toChannelsLast = (onnx: OnnxBuilder, x: string) =>
  onnx.node('Transpose', [x], { perm: [0, 2, 3, 1] });
