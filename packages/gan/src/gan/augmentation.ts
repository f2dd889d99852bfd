import { ArgumentError, checkInteger, checkNumber, checkOptions, checkShape, checkSizes } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * A random change of examples that the generator's gradient flows through, `[n, ...event]` to the same shape. The critic sees real
 * examples and fakes after it, so that few data are not learned by heart.
 * @see Differentiable Augmentation for Data-Efficient GAN Training (Zhao et al., 2020), Eq. 4-6
 */
export type Augmentation = (x: Tensor, key: Key) => Tensor;

/**
 * Instance noise: adds normal noise, so that the distributions of data and fakes overlap.
 * @param options - `std`, in the unit that the networks see
 * @see Amortised MAP Inference for Image Super-resolution (Sønderby et al., 2017), §4
 *
 * @example
 * ```ts
 * const model = gan({
 *   latent: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 *   augment: instanceNoise({ std: 0.1 }),
 * });
 * ```
 */
export function instanceNoise(options: { readonly std: number }): Augmentation {
  checkOptions('instanceNoise', options, ['std']);
  checkNumber('instanceNoise', 'std', options.std, { min: 0 });
  const augmentation: Augmentation = (x, key) =>
    tf.tidy(() => tf.add(x, tf.mul(key.normal(x.shape), options.std)));
  return record(augmentation, 'instanceNoise', arguments);
}

export interface ImageAugmentationOptions {
  /** The most pixels by which an image moves along each axis; zeros come into view. @defaultValue 0 */
  readonly shift?: number;
  /** The side, in pixels, of a square of zeros. It may reach beyond the border. @defaultValue 0 */
  readonly cutout?: number;
  /** The most that is added to all entries of an image, or subtracted, in the unit that the networks see. @defaultValue 0 */
  readonly brightness?: number;
  /** `[height, width, channels]` of images that the model sees as vectors. @defaultValue the shape of an event */
  readonly shape?: readonly [number, number, number];
}

/**
 * Brightness, translation and cutout of images. An image x, whose channels are treated alike, becomes
 * $m_{ij} \, (x + b)_{i + d_1,\, j + d_2}$, where an entry outside the image is 0. All are uniform and independent for each image:
 * $b$ on $\pm$`brightness`, the integers $d_1$ and $d_2$ from -`shift` to `shift`, and the place of the square in which the mask m
 * is 0, not 1. Its middle may be any pixel.
 * @see Differentiable Augmentation for Data-Efficient GAN Training (Zhao et al., 2020), §3.2
 *
 * @example
 * ```ts
 * const model = gan({
 *   latent: 16,
 *   generator: mlp([16, 128, 64], { key: key.fold('generator') }),
 *   critic: mlp([64, 128, 1], { key: key.fold('critic') }),
 *   augment: imageAugmentation({ shape: [8, 8, 1], shift: 1, cutout: 3, brightness: 0.2 }),
 * });
 * ```
 */
export function imageAugmentation(options: ImageAugmentationOptions): Augmentation {
  const where = 'imageAugmentation';
  checkOptions(where, options, ['shift', 'cutout', 'brightness', 'shape']);
  const { shift = 0, cutout = 0, brightness = 0, shape } = options;
  checkInteger(where, 'shift', shift, { min: 0 });
  checkInteger(where, 'cutout', cutout, { min: 0 });
  checkNumber(where, 'brightness', brightness, { min: 0 });
  if (shape !== undefined) checkImageShape(where, shape);
  const augmentation: Augmentation = (x, key) =>
    tf.tidy(() => {
      if (shape === undefined) checkShape(where, 'x', x, ['n', 'height', 'width', 'channels']);
      else checkShape(where, 'x', x, ['n', shape[0] * shape[1] * shape[2]]);
      let image = shape === undefined ? tf.clone(x) : tf.reshape(x, [x.shape[0]!, ...shape]);
      if (brightness > 0) image = brightened(image, brightness, key.fold('brightness'));
      if (shift > 0) image = shifted(image, shift, key.fold('shift'));
      if (cutout > 0) image = withHole(image, cutout, key.fold('cutout'));
      return tf.reshape(image, x.shape);
    });
  return record(augmentation, 'imageAugmentation', arguments);
}

function checkImageShape(where: string, shape: readonly number[]): void {
  checkSizes(where, 'shape', shape);
  if (shape.length === 3) return;
  const expected = 'to be [height, width, channels]';
  throw new ArgumentError({ where, argument: 'shape', expected, actual: `[${shape.join(', ')}]` });
}

function brightened(x: Tensor, most: number, key: Key): Tensor {
  return tf.add(x, key.uniform([x.shape[0]!, 1, 1, 1], { min: -most, max: most }));
}

/** $S_{d_1} x \, S_{d_2}^\top$ for each channel, where $(S_d)_{ij}$ is 1 for $j = i + d$ and 0 otherwise. */
function shifted(x: Tensor, most: number, key: Key): Tensor {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const matrices = (size: number, axis: string): Tensor => {
    const distance = tf.floor(key.fold(axis).uniform([n, 1, 1], { min: -most, max: most + 1 }));
    const pixels = tf.range(0, size);
    const apart = tf.sub(tf.expandDims(pixels, 0), tf.expandDims(pixels, 1));
    return tf.cast(tf.equal(apart, distance), 'float32');
  };
  const rows = tf.matMul(matrices(height, 'rows'), tf.reshape(x, [n, height, width * channels]));
  const columnsLast = tf.transpose(tf.reshape(rows, [n, height, width, channels]), [0, 1, 3, 2]);
  const flat = tf.reshape(columnsLast, [n, height * channels, width]);
  const columns = tf.matMul(flat, matrices(width, 'columns'), false, true);
  return tf.transpose(tf.reshape(columns, [n, height, channels, width]), [0, 1, 3, 2]);
}

/** Zeros in a square whose first row is uniform from $-\lfloor k / 2 \rfloor$ to $\text{height} - \lceil k / 2 \rceil$, and its column alike. */
function withHole(x: Tensor, side: number, key: Key): Tensor {
  const [n, height, width] = x.shape as [number, number, number, number];
  const inside = (size: number, axis: string): Tensor => {
    const range = { min: -Math.floor(side / 2), max: size - Math.ceil(side / 2) + 1 };
    const from = tf.sub(tf.range(0, size), tf.floor(key.fold(axis).uniform([n, 1], range)));
    return tf.cast(tf.logicalAnd(tf.greaterEqual(from, 0), tf.less(from, side)), 'float32');
  };
  const rows = tf.reshape(inside(height, 'rows'), [n, height, 1, 1]);
  const columns = tf.reshape(inside(width, 'columns'), [n, 1, width, 1]);
  return tf.mul(x, tf.sub(1, tf.mul(rows, columns)));
}
