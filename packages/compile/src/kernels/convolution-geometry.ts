import { UnsupportedError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { backend_util } from '@tensorflow/tfjs-core';
import type { Attributes } from '../graph/graph';

export type Geometry = backend_util.Conv2DInfo;

type Size = [number, number, number, number];

/** Resolves strides, dilations and padding of a convolution of `[n, height, width, channels]`. */
export function convolutionGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: Attributes,
  depthwise = false,
): Geometry {
  const format = (attributes['dataFormat'] as string | undefined) ?? 'NHWC';
  if (format !== 'NHWC') {
    throw new UnsupportedError({
      where: 'capture',
      argument: 'the data format of a convolution',
      expected: 'to be NHWC',
      actual: format,
      remedy: 'transpose its input',
    });
  }
  return tf.backend_util.computeConv2DInfo(
    [...inputShape] as Size,
    [...filterShape] as Size,
    attributes['strides'] as [number, number],
    (attributes['dilations'] as [number, number] | undefined) ?? 1,
    attributes['pad'] as 'same',
    attributes['dimRoundingMode'] as 'floor' | undefined,
    depthwise,
  );
}

/** Resolves the window of a pooling kernel. */
export function poolingGeometry(inputShape: readonly number[], attributes: Attributes): Geometry {
  return tf.backend_util.computePool2DInfo(
    [...inputShape] as Size,
    attributes['filterSize'] as [number, number],
    attributes['strides'] as [number, number],
    1,
    attributes['pad'] as 'same',
    attributes['dimRoundingMode'] as 'floor' | undefined,
  );
}

/** The attributes that ONNX's convolutions and pools share. */
export function windowAttributes(geometry: Geometry): Record<'kernel_shape' | 'strides' | 'pads', number[]> {
  const { top, left, bottom, right } = geometry.padInfo;
  return {
    kernel_shape: [geometry.filterHeight, geometry.filterWidth],
    strides: [geometry.strideHeight, geometry.strideWidth],
    pads: [top, left, bottom, right],
  };
}
