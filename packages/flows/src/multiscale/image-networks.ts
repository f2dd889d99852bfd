import {
  type Activation,
  ActivationLayer,
  asLayer,
  Conv2d,
  Dropout,
  type Key,
  type Layer,
  type Module,
  Sequential,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';

interface ImageConditionerOptions {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** Channels of the two hidden layers. */
  readonly hidden: number;
  readonly activation: Activation;
  /** The fraction of hidden units that dropout sets to 0 in training. */
  readonly dropout: number;
  readonly key: Key;
}

/**
 * The network of a coupling of images: convolutions of 3x3, 1x1 and 3x3 pixels; the last one starts at 0.
 * @see Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma and Dhariwal, 2018), §5
 */
export function imageConditioner({
  inputs,
  outputs,
  hidden,
  activation,
  dropout,
  key,
}: ImageConditionerOptions): Layer {
  const convolution = (index: number, sizes: { inputs: number; outputs: number }, kernelSize: number) =>
    new Conv2d({ ...sizes, kernelSize, padding: 'same', key: key.fold(index) });
  return new Sequential([
    convolution(0, { inputs, outputs: hidden }, 3),
    new ActivationLayer(activation),
    convolution(1, { inputs: hidden, outputs: hidden }, 1),
    new ActivationLayer(activation),
    ...(dropout === 0 ? [] : [new Dropout({ rate: dropout })]),
    startAtZero(convolution(2, { inputs: hidden, outputs }, 3)),
  ]);
}

/**
 * Reorders the parameters of all elements of an image for a head. The channels hold one kind of parameter after the
 * other, `[n, height, width, kinds * part]`, and become rows `[n, kinds * height * width * part]`.
 */
export function asHeadParameters(kinds: number): Layer {
  return asLayer((image) => {
    const [n, height, width, channels] = image.shape as [number, number, number, number];
    const parts = tf.reshape(image, [n, height, width, kinds, channels / kinds]);
    return tf.reshape(tf.transpose(parts, [0, 3, 1, 2, 4]), [n, height * width * channels]);
  });
}

/**
 * Sets every variable of a module to 0. If the last layer of a conditioner starts at 0, the flow layer starts as the
 * identity.
 */
function startAtZero<M extends Module>(module: M): M {
  for (const variable of module.parameters().values()) {
    tf.tidy(() => variable.assign(tf.zerosLike(variable)));
  }
  return module;
}
