import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors/dgm-error';
import { tanh } from '../../ops/activations';
import { formatShape, sizeOf } from '../../shape/shape';
import { Independent } from '../independent';
import { LogisticPixelMixture } from '../logistic-pixel-mixture';
import { makeHead, requireAtLeast, type DistributionHead, type IntegerHeadOptions } from './head';
import { componentCentres, relativeToValues } from './relative-logistic';

/**
 * Pixels with channels, `[..., channels]`, each as a mixture of `components` in which a channel follows those before it:
 * {@link LogisticPixelMixture}, the likelihood of PixelCNN++ for colour images.
 *
 * The network puts out for each pixel all log-weights, then means and log-scales `[components, channels]` each, then the
 * coefficients, which are kept within ±1 by tanh. Means are relative to greys that are spread over the values, and log-scales
 * to the uniform distribution over all values: a network that starts near 0 expects every colour.
 *
 * @throws {@link ArgumentError} if `values` is not an integer of at least 2, or `components` not one of at least 1
 * @throws {@link ShapeError} if there are fewer than 2 channels
 */
export function logisticPixelMixture({
  shape,
  values,
  components,
}: IntegerHeadOptions & { readonly components: number }): DistributionHead {
  requireAtLeast(2, 'logisticPixelMixture', 'values', values);
  requireAtLeast(1, 'logisticPixelMixture', 'components', components);
  const pixels = shape.slice(0, -1);
  const channels = shape.at(-1) ?? 0;
  if (channels < 2) {
    throw new ShapeError({
      where: 'logisticPixelMixture',
      argument: 'shape',
      expected: 'to be [..., channels] with 2 channels or more',
      actual: formatShape(shape),
      remedy: 'take discretizedLogisticMixture for one channel',
    });
  }
  const pairs = (channels * (channels - 1)) / 2;
  const sizes = [1, channels, channels, pairs].map((each) => components * each);
  const ofPixel = sizes.reduce((sum, size) => sum + size, 0);
  return makeHead({
    name: 'logisticPixelMixture',
    numParameters: sizeOf(pixels) * ofPixel,
    eventShape: shape,
    levels: values,
    build: (rows) => {
      const batch = [rows.shape[0]!, ...pixels];
      const parts = tf.split(tf.reshape(rows, [...batch, ofPixel]), sizes, batch.length);
      const [offset, logScale, pre] = parts
        .slice(1)
        .map((part) => tf.reshape(part, [...batch, components, part.shape.at(-1)! / components]));
      // All channels of a component start at one level of grey.
      const mean = tf.add(offset!, tf.reshape(componentCentres(components), [components, 1]));
      const located = relativeToValues(values, { mean, logScale: logScale!, parts: 1 });
      const coefficients = tanh(pre!);
      return new Independent(
        new LogisticPixelMixture({ logits: parts[0]!, ...located, coefficients }, values),
        pixels.length,
      );
    },
  });
}
