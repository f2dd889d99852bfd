import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions, checkThat } from '../check/check';
import { record } from '../construction/record';
import { checkKey, type Key } from '../random/key';
import { formatShape, sizeOf } from '../shape/shape';
import { ActivationLayer, type Activation } from './activation';
import { asLayer } from './as-layer';
import { Conv2d } from './conv2d';
import { ConvTranspose2d } from './conv-transpose2d';
import { Dense } from './dense';
import type { Layer } from './layer';
import { Reshape } from './reshape';
import { ScalePixels } from './scale-pixels';
import { Sequential } from './sequential';

/** Height and width of an image. */
export type ImagePlane = readonly [number, number];

interface ConvolutionalOptions {
  readonly plane: ImagePlane;
  /** Channels at half the size, a quarter of it, and so on; height and width must be divisible that often. */
  readonly hidden: readonly number[];
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** @defaultValue 'leakyRelu' */
  readonly activation?: Activation;
}

export interface ConvEncoderOptions extends ConvolutionalOptions {
  /** Channels of an image. @defaultValue 1 */
  readonly channels?: number;
  /**
   * The number of values of a pixel, for raw images of integers from 0 to `levels - 1`: the first layer is then
   * {@link ScalePixels}. @defaultValue none; pixels are taken as they are
   */
  readonly levels?: number;
  /** The length of the output; for a VAE what the posterior takes, `posterior.numParameters`. */
  readonly outputs: number;
}

export interface ConvDecoderOptions extends ConvolutionalOptions {
  /** The length of z. */
  readonly latent: number;
  /** The length of the output; for a VAE what the likelihood takes, `likelihood.numParameters`. */
  readonly outputs: number;
  /**
   * How many kinds of parameters the likelihood has, which come one after the other for the whole image: 1 for
   * `categoricalHead` and `bernoulliHead`, 2 for `normalHead` and `discretizedLogisticHead`, 3 for `discretizedLogisticMixtureHead`.
   * @defaultValue 1
   */
  readonly parts?: number;
}

/**
 * An encoder of images, flat or not: convolutions of 3 x 3 that halve the size, then a dense layer.
 * @returns a layer from `[n, ...event]` to `[n, outputs]`
 * @throws ArgumentError if the plane cannot be halved that often
 *
 * @example
 * ```ts
 * const encoder = convEncoder({ plane: [8, 8], levels: 17, hidden: [16, 32], outputs: 2 * 8, key });
 * encoder.apply(x); // [4, 64] to [4, 16]: what normalHead({ shape: [8] }) takes
 * ```
 */
export function convEncoder(options: ConvEncoderOptions): Layer {
  const { plane, channels = 1, levels, hidden, outputs, key, activation = 'leakyRelu' } = options;
  checkOptions('convEncoder', options, [...COMMON, 'channels', 'levels']);
  checkInteger('convEncoder', 'channels', channels);
  const last = checkPlane('convEncoder', options);
  const sizes = [channels, ...hidden];
  const convolutions = hidden.flatMap((width, index): Layer[] => [
    new Conv2d({
      ...{ inputs: sizes[index]!, outputs: width, kernelSize: 3, stride: 2, padding: 'same' },
      key: key.fold(index),
    }),
    new ActivationLayer(activation),
  ]);
  return record(
    new Sequential([
      ...(levels === undefined ? [] : [new ScalePixels({ levels })]),
      new Reshape({ shape: [...plane, channels] }),
      ...convolutions,
      new Reshape({ shape: [sizeOf(last) * sizes.at(-1)!] }),
      new Dense({ inputs: sizeOf(last) * sizes.at(-1)!, outputs, key: key.fold('last') }),
    ]),
    'convEncoder',
    arguments,
  );
}

/**
 * A decoder of images: a dense layer, transposed convolutions of 4 x 4 that double the size, and the parameters of each pixel
 * out of its channels alone.
 * @returns a layer from `[n, latent]` to `[n, outputs]`, in the order that core's heads take
 * @throws ArgumentError if the plane cannot be halved that often, or the outputs do not fall to the pixels
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [64], levels: 17 });
 * const outputs = likelihood.numParameters;
 * const decoder = convDecoder({ plane: [8, 8], latent: 8, hidden: [16, 32], outputs, key });
 * decoder.apply(tf.zeros([4, 8])); // [4, 1088]
 * ```
 */
export function convDecoder(options: ConvDecoderOptions): Layer {
  const { plane, latent, hidden, outputs, parts = 1, key, activation = 'leakyRelu' } = options;
  checkOptions('convDecoder', options, [...COMMON, 'latent', 'parts']);
  checkInteger('convDecoder', 'latent', latent);
  checkInteger('convDecoder', 'parts', parts);
  const first = checkPlane('convDecoder', options);
  const perPixel = outputs / sizeOf(plane);
  checkThat('convDecoder', 'outputs', Number.isInteger(perPixel / parts), {
    expected: `to be ${parts} numbers for each pixel of ${formatShape(plane)}, or a multiple of it`,
    actual: String(outputs),
  });
  const sizes = [...hidden].reverse();
  const growing = sizes.flatMap((inputs, index): Layer[] => [
    new ActivationLayer(activation),
    new ConvTranspose2d({
      ...{ inputs, outputs: sizes[index + 1] ?? inputs, kernelSize: 4, stride: 2, padding: 'same' },
      key: key.fold(index),
    }),
  ]);
  const channels = sizes[0] ?? 1;
  return record(
    new Sequential([
      new Dense({ inputs: latent, outputs: sizeOf(first) * channels, key: key.fold('first') }),
      new Reshape({ shape: [...first, channels] }),
      ...growing,
      new ActivationLayer(activation),
      new Conv2d({ inputs: sizes.at(-1) ?? 1, outputs: perPixel, kernelSize: 1, key: key.fold('last') }),
      asLayer((x) => byKind(x, parts)),
    ]),
    'convDecoder',
    arguments,
  );
}

/** `[n, height, width, parts * k]` as `[n, parts, height, width, k]`, flat. */
function byKind(x: Tensor, parts: number): Tensor {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  if (parts === 1) return tf.reshape(x, [n, -1]);
  const split = tf.reshape(x, [n, height, width, parts, channels / parts]);
  return tf.reshape(tf.transpose(split, [0, 3, 1, 2, 4]), [n, -1]);
}

const COMMON = ['plane', 'hidden', 'outputs', 'key', 'activation'];

/** Checks what both networks take; returns the plane at its smallest. */
function checkPlane(
  where: string,
  { plane, hidden, outputs, key }: ConvolutionalOptions & { readonly outputs: number },
): [number, number] {
  plane.forEach((size) => checkInteger(where, 'plane', size));
  hidden.forEach((width) => checkInteger(where, 'hidden', width));
  checkInteger(where, 'outputs', outputs);
  checkKey(where, key);
  const factor = 2 ** hidden.length;
  const [height, width] = [plane[0] / factor, plane[1] / factor];
  checkThat(where, 'plane', Number.isInteger(height) && Number.isInteger(width), {
    expected: `to be divisible by ${factor}, once for each size of hidden`,
    actual: formatShape(plane),
    remedy: 'give fewer sizes, or pad the images',
  });
  return [height, width];
}
