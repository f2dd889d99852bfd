import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor4D } from '@tensorflow/tfjs-core';

type Pair = readonly [number, number];

/** How the positions of a two-dimensional convolution lie; each pair is for (height, width). */
export interface ConvolutionGeometry {
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Zeros before and after each axis, at most $d (k - 1)$ each for the dilation $d$ and the kernel's size $k$. */
  readonly padding: readonly [Pair, Pair];
}

/*
 * The three maps below are bilinear, and each is the gradient of another: with the convolution C(x, k), its input
 * gradient X(y, k) and its kernel gradient K(x, y),
 *
 *   dC = X(dC, k), K(x, dC)     dX = C(dX, k), K(dX, y)     dK = X(y, dK), C(x, dK).
 *
 * So gradients of every order are right, where tfjs stops at the second order of the kernel and refuses dilation.
 */

/**
 * $y_{ijo} = \sum_{abc} k_{abco}\, x_{s i + d a - p,\, s j + d b - p,\, c}$ for strides s, dilations d and padding p.
 * @param x - `[n, height, width, inputs]`
 * @param kernel - `[height, width, inputs, outputs]`
 */
export function convolve(x: Tensor, kernel: Tensor, geometry: ConvolutionGeometry): Tensor {
  return bilinear(x, kernel, {
    value: (x, kernel) => forwardValue(x, kernel, geometry),
    gradientA: (dy, x, kernel) => convolveTransposed(dy, kernel, geometry, planeOf(x)),
    gradientB: (dy, x, kernel) => kernelGradient(x, dy, geometry, planeOf(kernel, 0)),
  });
}

/**
 * The transpose of {@link convolve} in its first argument: a transposed convolution.
 * @param y - `[n, height, width, outputs]`
 * @param kernel - `[height, width, inputs, outputs]`
 * @param plane - height and width of the result
 * @returns `[n, ...plane, inputs]`
 */
export function convolveTransposed(
  y: Tensor,
  kernel: Tensor,
  geometry: ConvolutionGeometry,
  plane: Pair,
): Tensor {
  return bilinear(y, kernel, {
    value: (y, kernel) => transposedValue(y, kernel, geometry, plane),
    gradientA: (dx, _, kernel) => convolve(dx, kernel, geometry),
    gradientB: (dx, y, kernel) => kernelGradient(dx, y, geometry, planeOf(kernel, 0)),
  });
}

/** The transpose of {@link convolve} in its second argument; `plane` is height and width of the kernel. */
function kernelGradient(x: Tensor, y: Tensor, geometry: ConvolutionGeometry, plane: Pair): Tensor {
  return bilinear(x, y, {
    value: (x, y) => kernelGradientValue(x, y, geometry, plane),
    gradientA: (dk, x, y) => convolveTransposed(y, dk, geometry, planeOf(x)),
    gradientB: (dk, x) => convolve(x, dk, geometry),
  });
}

interface Bilinear {
  readonly value: (a: Tensor, b: Tensor) => Tensor;
  readonly gradientA: (dy: Tensor, a: Tensor, b: Tensor) => Tensor;
  readonly gradientB: (dy: Tensor, a: Tensor, b: Tensor) => Tensor;
}

/**
 * A bilinear map of which only the gradients that are asked for get computed.
 *
 * A custom gradient of two arguments always computes both. So the value belongs to a, and b comes in by a sum with
 * zeros, which tfjs leaves out of a backward pass that does not lead to b. An addition costs little beside what an
 * optimizer (no gradient by the data) or a sampler (no gradient by the weights) would spend in vain.
 */
function bilinear(a: Tensor, b: Tensor, { value, gradientA, gradientB }: Bilinear): Tensor {
  const path = (argument: Tensor, result: () => Tensor, gradient: Bilinear['gradientA']): Tensor =>
    tf.customGrad((...operands) => {
      (operands[operands.length - 1] as GradSaveFunc)([a, b]);
      return {
        value: result(),
        gradFunc: (dy: Tensor, [a, b]: Tensor[]) => tf.tidy(() => gradient(dy, a!, b!)),
      };
    })(argument);
  return tf.tidy(() => {
    const result = path(a, () => value(a, b), gradientA);
    return tf.add(
      result,
      path(b, () => tf.zerosLike(result), gradientB),
    );
  });
}

function forwardValue(
  x: Tensor,
  kernel: Tensor,
  { strides, dilations, padding }: ConvolutionGeometry,
): Tensor {
  return tf.conv2d(x as Tensor4D, kernel as Tensor4D, [...strides], explicit(padding), 'NHWC', [
    ...dilations,
  ]);
}

/**
 * With stride 1 the input gradient is a convolution with the mirrored kernel: two to three times faster than tfjs's
 * kernel on wasm, and open to dilation.
 */
function transposedValue(y: Tensor, kernel: Tensor, geometry: ConvolutionGeometry, plane: Pair): Tensor {
  const { strides, dilations, padding } = geometry;
  if (strides.some((stride) => stride > 1)) {
    const shape: [number, number, number, number] = [y.shape[0]!, ...plane, kernel.shape[2]!];
    return tf.conv2dTranspose(y as Tensor4D, kernel as Tensor4D, shape, [...strides], explicit(padding));
  }
  const mirrored = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]);
  const reach = planeOf(kernel, 0).map((size, axis) => (size - 1) * dilations[axis]!);
  const rest = padding.map(([before, after], axis) => [reach[axis]! - before, reach[axis]! - after] as const);
  return forwardValue(y, mirrored, { strides, dilations, padding: [rest[0]!, rest[1]!] });
}

/**
 * The kernel gradient is a convolution too, in which the batch plays the part of the channels, y that of the kernel,
 * and strides and dilations change places. tfjs's own kernel knows no dilation, is missing from the wasm backend as
 * shipped, and is 40 times slower on the cpu backend; elsewhere it is the faster one.
 */
function kernelGradientValue(x: Tensor, y: Tensor, geometry: ConvolutionGeometry, plane: Pair): Tensor {
  const { strides, dilations, padding } = geometry;
  const [inputs, outputs] = [x.shape[3]!, y.shape[3]!];
  if (dilations.every((dilation) => dilation === 1) && hasFastKernelGradient()) {
    return tf.engine().runKernel(
      tf.Conv2DBackpropFilter,
      { x, dy: y },
      {
        strides: [...strides],
        pad: explicit(padding),
        dataFormat: 'NHWC',
        filterShape: [...plane, inputs, outputs],
      },
    );
  }
  const product = forwardValue(tf.transpose(x, [3, 1, 2, 0]), tf.transpose(y, [1, 2, 0, 3]), {
    strides: dilations,
    dilations: strides,
    padding,
  });
  // Rows at the end of the image that no position reaches (a stride leaves some over) would be taps beyond the kernel.
  const taps = tf.slice(product, [0, 0, 0, 0], [inputs, ...plane, outputs]);
  return tf.transpose(taps, [1, 2, 0, 3]);
}

function hasFastKernelGradient(): boolean {
  const backend = tf.getBackend();
  return backend !== 'cpu' && tf.getKernel(tf.Conv2DBackpropFilter, backend) != null;
}

/** Height and width of images, or of a kernel, whose first axis they are. */
function planeOf(x: Tensor, firstAxis = 1): Pair {
  return [x.shape[firstAxis]!, x.shape[firstAxis + 1]!];
}

type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];

function explicit([height, width]: ConvolutionGeometry['padding']): ExplicitPadding {
  return [
    [0, 0],
    [height[0], height[1]],
    [width[0], width[1]],
    [0, 0],
  ];
}
