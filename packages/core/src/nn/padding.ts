import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors/dgm-error';
import { formatShape } from '../shape/shape';
import { checkInteger, checkThat } from '../check/check';
import type { ConvolutionGeometry } from './convolution';

/**
 * How an axis is padded with zeros: `same` - so that the output has `ceil(size / stride)` positions; `valid` - not at
 * all; `causal` - before the axis only, so that an output sees its own position and those before it; or the number of
 * zeros at either end.
 */
export type Padding = 'same' | 'valid' | 'causal' | number;

/** One number for both axes, or one for each of (height, width). */
export type PerAxis = number | readonly [number, number];

export function perAxis(value: PerAxis): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/** The zeros before and after an axis. */
export function zerosAround(
  padding: Padding,
  { size, kernel, stride, dilation }: { size: number; kernel: number; stride: number; dilation: number },
): readonly [number, number] {
  const reach = (kernel - 1) * dilation;
  if (typeof padding === 'number') return [padding, padding];
  if (padding === 'valid') return [0, 0];
  if (padding === 'causal') return [reach, 0];
  // As TensorFlow does: what is odd goes to the end.
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach + 1 - size);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

/** The options that decide on the geometry, with one value for each axis. */
export interface ConvolutionOptions {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Padding;
}

/** What a convolution of an image of height and width `plane` does. */
export function geometryOf(
  plane: readonly [number, number],
  kernel: readonly [number, number],
  { strides, dilations, padding }: PlaneOptions,
): ConvolutionGeometry {
  const around = (axis: 0 | 1): readonly [number, number] =>
    zerosAround(padding, {
      size: plane[axis],
      kernel: kernel[axis],
      stride: strides[axis],
      dilation: dilations[axis],
    });
  return { strides, dilations, padding: [around(0), around(1)] };
}

/** {@link ConvolutionOptions} of images. */
export interface PlaneOptions extends ConvolutionOptions {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
}

/**
 * Checks that at least one position fits.
 * @throws {@link ShapeError} naming `where`.
 */
export function checkKernelFits(
  where: string,
  x: Tensor,
  kernel: readonly number[],
  { dilations, padding }: { dilations: readonly number[]; padding: readonly (readonly [number, number])[] },
): void {
  const needed = kernel.map((size, axis) => (size - 1) * dilations[axis]! + 1);
  const fits = needed.every(
    (size, axis) => x.shape[axis + 1]! + padding[axis]![0] + padding[axis]![1] >= size,
  );
  checkThat(where, 'x', fits, {
    error: ShapeError,
    expected: `of size ${formatShape(needed)} or more, with padding, in the axes after the first`,
    actual: formatShape(x.shape),
  });
}

/**
 * Checks what can be checked before an image is seen.
 * @throws {@link ArgumentError} naming the option.
 */
export function checkConvolution(
  where: string,
  { inputs, outputs, kernel }: { inputs: number; outputs: number; kernel: readonly number[] },
  { strides, dilations, padding }: ConvolutionOptions,
): void {
  checkInteger(where, 'inputs', inputs);
  checkInteger(where, 'outputs', outputs);
  kernel.forEach((size) => checkInteger(where, 'kernelSize', size));
  strides.forEach((stride) => checkInteger(where, 'stride', stride));
  dilations.forEach((dilation) => checkInteger(where, 'dilation', dilation));
  checkThat(where, 'stride and dilation', Math.max(...strides) <= 1 || Math.max(...dilations) <= 1, {
    expected: 'not to be above 1 both',
    actual: `stride [${strides.join(', ')}] and dilation [${dilations.join(', ')}]`,
    remedy: 'put the stride into a layer of its own',
  });
  const reach = Math.min(...kernel.map((size, axis) => (size - 1) * dilations[axis]!));
  checkThat(
    where,
    'padding',
    typeof padding !== 'number' || (Number.isInteger(padding) && padding >= 0 && padding <= reach),
    {
      expected: `to be an integer from 0 to dilation * (kernelSize - 1) = ${reach}`,
      actual: String(padding),
    },
  );
}
