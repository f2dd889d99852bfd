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

/** The convolution of dy with the mirrored filter that is the gradient of the input, for stride 1. */
export function mirroredGeometry(geometry: Geometry): Geometry {
  const { padInfo, inShape, outShape } = geometry;
  const rest = {
    height: (geometry.filterHeight - 1) * geometry.dilationHeight,
    width: (geometry.filterWidth - 1) * geometry.dilationWidth,
  };
  return {
    ...geometry,
    ...{ inHeight: geometry.outHeight, inWidth: geometry.outWidth, inChannels: geometry.outChannels },
    ...{ outHeight: geometry.inHeight, outWidth: geometry.inWidth, outChannels: geometry.inChannels },
    inShape: outShape,
    outShape: inShape,
    padInfo: {
      ...padInfo,
      top: rest.height - padInfo.top,
      bottom: rest.height - padInfo.bottom,
      left: rest.width - padInfo.left,
      right: rest.width - padInfo.right,
    },
  };
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

/** Those of convolutions, whose taps may have gaps between them. */
export function convolutionAttributes(geometry: Geometry): Record<string, number[]> {
  return {
    ...windowAttributes(geometry),
    dilations: [geometry.dilationHeight, geometry.dilationWidth],
  };
}

/** How much larger the result of a transposed convolution is than its strides and padding tell. */
export function outputPadding(geometry: Geometry): number[] {
  const { inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, padInfo } = geometry;
  const covered = (positions: number, stride: number, size: number) => (positions - 1) * stride + size;
  return [
    inHeight + padInfo.top + padInfo.bottom - covered(outHeight, geometry.strideHeight, filterHeight),
    inWidth + padInfo.left + padInfo.right - covered(outWidth, geometry.strideWidth, filterWidth),
  ];
}
