import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../../shape/shape';
import { DiscretizedLogistic } from '../discretized-logistic';
import { Independent } from '../independent';
import { Mixture } from '../mixture';
import { makeHead, requireAtLeast, splitRows, type DistributionHead, type IntegerHeadOptions } from './head';
import { componentCentres, relativeToValues, type LocatedLogistic } from './relative-logistic';

/**
 * A discretized logistic distribution over 0 to `values - 1` for each entry, with open edge bins.
 *
 * The network puts out all means, then all log-scales: `[n, 2, ...shape]`. Both are relative, so that a network that
 * starts near 0 starts at a broad distribution: mean 0 is the middle value, +-1 are the outermost ones, and log-scale 0
 * has the standard deviation of the uniform distribution over the values.
 *
 * @throws {@link ArgumentError} if `values` is not an integer of at least 2
 */
export function discretizedLogistic({ shape, values }: IntegerHeadOptions): DistributionHead {
  requireAtLeast(2, 'discretizedLogistic', 'values', values);
  return makeHead({
    name: 'discretizedLogistic',
    numParameters: 2 * sizeOf(shape),
    eventShape: shape,
    levels: values,
    build: (rows) => {
      const [mean, logScale] = splitRows(rows, 2, shape);
      return new Independent(
        logisticOver(values, { mean: mean!, logScale: logScale!, parts: 1 }),
        shape.length,
      );
    },
  });
}

/**
 * A mixture of `components` discretized logistic distributions for each entry, as in PixelCNN++ (Salimans et al., 2017)
 * for one channel.
 *
 * The network puts out all log-weights, then all means, then all log-scales: `[n, 3, ...shape, components]`. Means are
 * relative to centres that are spread over the values, log-scales to the uniform distribution over one component's share.
 *
 * @throws {@link ArgumentError} if `values` is not an integer of at least 2, or `components` not one of at least 1
 */
export function discretizedLogisticMixture({
  shape,
  values,
  components,
}: IntegerHeadOptions & { readonly components: number }): DistributionHead {
  requireAtLeast(2, 'discretizedLogisticMixture', 'values', values);
  requireAtLeast(1, 'discretizedLogisticMixture', 'components', components);
  return makeHead({
    name: 'discretizedLogisticMixture',
    numParameters: 3 * components * sizeOf(shape),
    eventShape: shape,
    levels: values,
    build: (rows) => {
      const [logits, offset, logScale] = splitRows(rows, 3, [...shape, components]);
      const mean = tf.add(offset!, componentCentres(components));
      const logistic = logisticOver(values, { mean, logScale: logScale!, parts: components });
      return new Independent(new Mixture(logits!, logistic), shape.length);
    },
  });
}

function logisticOver(
  values: number,
  relative: LocatedLogistic & { readonly parts: number },
): DiscretizedLogistic {
  const { mean, logScale } = relativeToValues(values, relative);
  return new DiscretizedLogistic(mean, { logScale }, { minimum: 0, maximum: values - 1 });
}
