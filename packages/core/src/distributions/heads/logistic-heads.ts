import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions, checkSizes, checkThat } from '../../check/check';
import { record } from '../../construction/record';
import { ShapeError } from '../../errors/dgm-error';
import { tanh } from '../../ops/activations';
import { formatShape, sizeOf } from '../../shape/shape';
import { DiscretizedLogistic } from '../discretized-logistic';
import { Independent } from '../independent';
import { LogisticPixelMixture } from '../logistic-pixel-mixture';
import { Mixture } from '../mixture';
import {
  componentCentres,
  distributionHead,
  splitRows,
  type DistributionHead,
  type IntegerHeadOptions,
} from './head';

export interface LogisticMixtureHeadOptions extends IntegerHeadOptions {
  /** How many components the mixture has. */
  readonly components: number;
}

/**
 * A discretized logistic distribution over 0 to `levels - 1` for each entry, with open edge bins.
 *
 * The network puts out all means, then all log-scales: `[n, 2, ...shape]`. Both are relative, so that a network that
 * starts near 0 starts at a broad distribution: mean 0 is the middle value, +-1 are the outermost ones, and log-scale 0
 * has the standard deviation of the uniform distribution over the values.
 *
 * @throws {@link ArgumentError} if `levels` is not an integer of at least 2
 *
 * @example
 * ```ts
 * const head = discretizedLogisticHead({ shape: [64], levels: 17 });
 * const p = head.distribution(mlp([8, head.numParameters], { key }).apply(tf.zeros([4, 8]))); // of 2 * 64 numbers
 * p.sample(key); // [4, 64], integers from 0 to 16
 * ```
 */
export function discretizedLogisticHead(options: IntegerHeadOptions): DistributionHead {
  checkOptions('discretizedLogisticHead', options, ['shape', 'levels']);
  const { shape, levels } = options;
  checkSizes('discretizedLogisticHead', 'shape', shape);
  checkInteger('discretizedLogisticHead', 'levels', levels, { min: 2 });
  const head = distributionHead({
    name: 'discretizedLogisticHead',
    numParameters: 2 * sizeOf(shape),
    eventShape: shape,
    levels,
    build: (rows) => {
      const [mean, logScale] = splitRows(rows, 2, shape);
      return new Independent(
        logisticOver(levels, { mean: mean!, logScale: logScale!, parts: 1 }),
        shape.length,
      );
    },
  });
  return record(head, 'discretizedLogisticHead', arguments);
}

/**
 * A mixture of `components` discretized logistic distributions for each entry, as in PixelCNN++ (Salimans et al., 2017)
 * for one channel.
 *
 * The network puts out all log-weights, then all means, then all log-scales: `[n, 3, ...shape, components]`. Means are
 * relative to centres that are spread over the values, log-scales to the uniform distribution over one component's share.
 *
 * @throws {@link ArgumentError} if `levels` is not an integer of at least 2, or `components` not one of at least 1
 *
 * @example
 * ```ts
 * const head = discretizedLogisticMixtureHead({ shape: [64], levels: 17, components: 5 });
 * const p = head.distribution(tf.zeros([4, head.numParameters])); // of 3 * 64 * 5 numbers
 * p.sample(key); // [4, 64], integers from 0 to 16
 * ```
 */
export function discretizedLogisticMixtureHead(options: LogisticMixtureHeadOptions): DistributionHead {
  checkOptions('discretizedLogisticMixtureHead', options, ['shape', 'levels', 'components']);
  const { shape, levels, components } = options;
  checkSizes('discretizedLogisticMixtureHead', 'shape', shape);
  checkInteger('discretizedLogisticMixtureHead', 'levels', levels, { min: 2 });
  checkInteger('discretizedLogisticMixtureHead', 'components', components, { min: 1 });
  const head = distributionHead({
    name: 'discretizedLogisticMixtureHead',
    numParameters: 3 * components * sizeOf(shape),
    eventShape: shape,
    levels,
    build: (rows) => {
      const [logits, offset, logScale] = splitRows(rows, 3, [...shape, components]);
      const mean = tf.add(offset!, componentCentres(components));
      const logistic = logisticOver(levels, { mean, logScale: logScale!, parts: components });
      return new Independent(new Mixture(logits!, logistic), shape.length);
    },
  });
  return record(head, 'discretizedLogisticMixtureHead', arguments);
}

function logisticOver(
  levels: number,
  relative: LocatedLogistic & { readonly parts: number },
): DiscretizedLogistic {
  const { mean, logScale } = relativeToLevels(levels, relative);
  return new DiscretizedLogistic(mean, { logScale }, { minimum: 0, maximum: levels - 1 });
}

/**
 * Pixels with channels, `[..., channels]`, each as a mixture of `components` in which a channel follows those before it:
 * {@link LogisticPixelMixture}, the likelihood of PixelCNN++ for colour images.
 *
 * The network puts out for each pixel all log-weights, then means and log-scales `[components, channels]` each, then the
 * coefficients, which are kept within ±1 by tanh. Means are relative to greys that are spread over the values, and log-scales
 * to the uniform distribution over all values: a network that starts near 0 expects every colour.
 *
 * @throws {@link ArgumentError} if `levels` is not an integer of at least 2, or `components` not one of at least 1
 * @throws {@link ShapeError} if there are fewer than 2 channels
 *
 * @example
 * ```ts
 * const head = logisticPixelMixtureHead({ shape: [8, 8, 3], levels: 256, components: 5 });
 * const p = head.distribution(tf.zeros([4, head.numParameters]));
 * p.sample(key); // [4, 8, 8, 3], integers from 0 to 255
 * ```
 */
export function logisticPixelMixtureHead(options: LogisticMixtureHeadOptions): DistributionHead {
  checkOptions('logisticPixelMixtureHead', options, ['shape', 'levels', 'components']);
  const { shape, levels, components } = options;
  checkSizes('logisticPixelMixtureHead', 'shape', shape);
  checkInteger('logisticPixelMixtureHead', 'levels', levels, { min: 2 });
  checkInteger('logisticPixelMixtureHead', 'components', components, { min: 1 });
  const pixels = shape.slice(0, -1);
  const channels = shape.at(-1) ?? 0;
  checkThat('logisticPixelMixtureHead', 'shape', channels >= 2, {
    error: ShapeError,
    expected: 'to be [..., channels] with 2 channels or more',
    actual: formatShape(shape),
    remedy: 'use discretizedLogisticMixtureHead for one channel',
  });
  const pairs = (channels * (channels - 1)) / 2;
  const sizes = [1, channels, channels, pairs].map((each) => components * each);
  const ofPixel = sizes.reduce((sum, size) => sum + size, 0);
  const head = distributionHead({
    name: 'logisticPixelMixtureHead',
    numParameters: sizeOf(pixels) * ofPixel,
    eventShape: shape,
    levels,
    build: (rows) => {
      const batch = [rows.shape[0]!, ...pixels];
      const parts = tf.split(tf.reshape(rows, [...batch, ofPixel]), sizes, batch.length);
      const [offset, logScale, pre] = parts
        .slice(1)
        .map((part) => tf.reshape(part, [...batch, components, part.shape.at(-1)! / components]));
      // All channels of a component start at one level of grey.
      const mean = tf.add(offset!, tf.reshape(componentCentres(components), [components, 1]));
      const located = relativeToLevels(levels, { mean, logScale: logScale!, parts: 1 });
      const coefficients = tanh(pre!);
      return new Independent(
        new LogisticPixelMixture({ logits: parts[0]!, ...located, coefficients }, levels),
        pixels.length,
      );
    },
  });
  return record(head, 'logisticPixelMixtureHead', arguments);
}

/** Location and log-scale of logistic distributions, in the units of the values or relative to them. */
interface LocatedLogistic {
  readonly mean: Tensor;
  readonly logScale: Tensor;
}

/**
 * From relative numbers to the units of the values 0 to `levels - 1`: mean 0 is the middle value and ±1 are the outermost,
 * log-scale 0 has the standard deviation of the uniform distribution over one of `parts` equal parts of the values.
 */
function relativeToLevels(
  levels: number,
  { mean, logScale, parts }: LocatedLogistic & { readonly parts: number },
): LocatedLogistic {
  const half = (levels - 1) / 2;
  // A logistic distribution of scale s has the standard deviation s pi / sqrt 3, a uniform one its width / sqrt 12.
  const broad = Math.log(levels / parts / (2 * Math.PI));
  return { mean: tf.add(half, tf.mul(half, mean)), logScale: tf.add(broad, logScale) };
}
