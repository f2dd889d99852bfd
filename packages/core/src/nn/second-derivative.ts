import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../errors/dgm-error';

/**
 * Kernels of TensorFlow.js whose second derivative is wrong or missing. The gradients of the first line use the saved output,
 * through which a second gradient does not flow: silently wrong. Those of the others end in kernels that have no gradient.
 */
const FIRST_ORDER_KERNELS: ReadonlySet<string> = new Set([
  ...['Elu', 'Exp', 'Sigmoid', 'Softmax', 'Tanh'],
  ...['AvgPool', 'AvgPool3D', 'MaxPool', 'MaxPool3D', 'DepthwiseConv2dNative', 'LRN'],
  ...['ClipByValue', 'LeakyRelu', 'Max', 'Min', 'Prelu', 'Relu6', 'Selu'],
  ...['ResizeBilinear', 'ResizeNearestNeighbor'],
]);

/**
 * The kernels on the way from x to f(x) whose second derivative TensorFlow.js gets wrong or does not have; f runs once. Empty
 * for everything that is made of core's layers and ops, whose gradients are right at every order.
 *
 * A custom gradient counts as right. TensorFlow.js has one that is not, that of `tf.logSoftmax`; core's `logSoftmax` is right.
 * @param f - a layer's `apply`, an energy, a network of one's own
 * @param x - an input of a shape that f takes; borrowed
 */
export function firstOrderKernels(f: (x: Tensor) => Tensor, x: Tensor): string[] {
  const found = new Set<string>();
  tf.tidy(() => {
    tf.grad((x: Tensor) => {
      f(x);
      // What a custom gradient computes inside is not on the tape.
      const dependent = new Set([x.id]);
      for (const { kernelName, inputs, outputs } of tf.engine().state.activeTape) {
        if (!Object.values(inputs).some(({ id }) => dependent.has(id))) continue;
        outputs.forEach(({ id }) => dependent.add(id));
        if (FIRST_ORDER_KERNELS.has(kernelName)) found.add(kernelName);
      }
      return tf.zerosLike(x);
    })(x);
  });
  return [...found].sort();
}

/**
 * Checks that a function may be differentiated twice, as gradient penalties and score matching do.
 * @throws UnsupportedError naming `where` and the kernels of {@link firstOrderKernels}
 */
export function checkSecondDerivative(where: string, f: (x: Tensor) => Tensor, x: Tensor): void {
  const kernels = firstOrderKernels(f, x);
  if (kernels.length === 0) return;
  throw new UnsupportedError({
    where,
    argument: 'the network',
    expected: 'to have right second derivatives',
    actual: `TensorFlow.js's ${kernels.join(', ')}`,
    remedy: "use core's functions of these names (tanh, sigmoid, exp, softmax, clip, AveragePool2d, ...)",
  });
}
