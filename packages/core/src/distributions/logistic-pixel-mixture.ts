import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { logSoftmax, logSumExp } from '../ops/log-sum-exp';
import { oneHot } from '../ops/one-hot';
import type { Key } from '../random/key';
import { formatShape, sameShape, type Shape } from '../shape/shape';
import { DiscretizedLogistic } from './discretized-logistic';
import { BaseDistribution } from './distribution';

/** Parameters of K components over C channels, in the units of the values. */
export interface LogisticPixelParameters {
  /** `[..., K]`, unnormalized log-weights */
  readonly logits: Tensor;
  /** `[..., K, C]`: the mean of a channel where those before it have the middle value. */
  readonly mean: Tensor;
  /** `[..., K, C]` */
  readonly logScale: Tensor;
  /** `[..., K, C (C - 1) / 2]`: how a channel's mean follows those before it, in the order (1,0), (2,0), (2,1), ... */
  readonly coefficients: Tensor;
}

/**
 * The channels of a pixel as a mixture of chains of discretized logistics: with m for the middle value,
 *
 * $$p(x) = \sum_k w_k \prod_c \mathrm{DLogistic}\Big(x_c \,\Big|\, \mu_{kc} + \sum_{j<c} a_{kcj} (x_j - m),\ s_{kc}\Big)$$
 *
 * A pixel has one component, and within it each channel depends on the ones before in a linear way.
 * @see PixelCNN++ (Salimans et al., 2017), §2.2
 *
 * @example
 * ```ts
 * const parameters = {
 *   logits: tf.zeros([8, 8, 5]), // of 5 components
 *   mean: tf.zeros([8, 8, 5, 3]), // of 3 channels
 *   logScale: tf.zeros([8, 8, 5, 3]),
 *   coefficients: tf.zeros([8, 8, 5, 3]),
 * };
 * const p = new LogisticPixelMixture(parameters, 256);
 * p.sample(key); // [8, 8, 3], integers from 0 to 255
 * ```
 */
export class LogisticPixelMixture extends BaseDistribution {
  readonly kind = 'LogisticPixelMixture';
  override readonly space = 'integers';
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly parameters: LogisticPixelParameters;
  /** How many values a channel can take, 0 to `levels - 1`. */
  readonly levels: number;

  /** @throws {@link ShapeError} if the parameters do not have one batch, K and C, or there is one channel only */
  constructor(parameters: LogisticPixelParameters, levels: number) {
    super();
    record(this, 'LogisticPixelMixture', arguments);
    this.parameters = parameters;
    this.levels = levels;
    this.batchShape = parameters.logits.shape.slice(0, -1);
    this.eventShape = [checkShapes(parameters)];
  }

  /** A component, and then one channel after the other. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const { logits, mean, logScale } = this.parameters;
    const components = logits.shape.at(-1)!;
    const drawn = key.fold('component').categorical(logits, sampleShape);
    const which = oneHot(drawn, { depth: components }); // [..., K]
    const ofComponent = (values: Tensor): Tensor => {
      const tail = values.shape.slice(logits.rank);
      const weights = tf.reshape(which, [...which.shape, ...tail.map(() => 1)]);
      return tf.sum(tf.mul(weights, values), which.rank - 1);
    };
    const [means, logScales] = [mean, logScale].map((each) => tf.unstack(ofComponent(each), -1));
    const followed = tf.unstack(ofComponent(this.#lowerTriangles()), -2); // for each channel [..., C]
    const pixel: Tensor[] = [];
    means!.forEach((own, channel) => {
      const coefficients = tf.unstack(followed[channel]!, -1);
      const follows = pixel.map((earlier, j) => tf.mul(coefficients[j]!, tf.sub(earlier, this.#middle)));
      const shifted = [own, ...follows].reduce((sum, term) => tf.add(sum, term));
      pixel.push(this.#logistic(shifted, logScales![channel]!).sample(key.fold(channel)));
    });
    return tf.stack(pixel, -1);
  }

  protected logDensity(x: Tensor): Tensor {
    const { logits, mean, logScale } = this.parameters;
    const deviation = tf.expandDims(tf.expandDims(tf.sub(x, this.#middle), -2), -2); // [..., 1, 1, C]
    const shift = tf.sum(tf.mul(this.#lowerTriangles(), deviation), -1); // [..., K, C]
    const channels = this.#logistic(tf.add(mean, shift), logScale).logProb(tf.expandDims(x, -2));
    return logSumExp(tf.add(logSoftmax(logits), tf.sum(channels, -1)), { axis: -1 });
  }

  /** The coefficients as `[..., K, C, C]`, zero on the diagonal and above it. */
  #lowerTriangles(): Tensor {
    const { coefficients } = this.parameters;
    const count = coefficients.shape.at(-1)!;
    const channels = this.eventShape[0]!;
    const places = tf.oneHot(tf.tensor1d(placesBelowDiagonal(channels), 'int32'), channels ** 2);
    const rows = tf.reshape(coefficients, [coefficients.size / count, count]);
    const placed = tf.matMul(rows, tf.cast(places, 'float32'));
    return tf.reshape(placed, [...coefficients.shape.slice(0, -1), channels, channels]);
  }

  #logistic(mean: Tensor, logScale: Tensor): DiscretizedLogistic {
    return new DiscretizedLogistic(mean, { logScale }, { minimum: 0, maximum: this.levels - 1 });
  }

  get #middle(): number {
    return (this.levels - 1) / 2;
  }
}

/** Where (1,0), (2,0), (2,1), ... are in a matrix, row by row. */
function placesBelowDiagonal(size: number): number[] {
  return Array.from({ length: size ** 2 }, (_, place) => place).filter(
    (place) => place % size < Math.floor(place / size),
  );
}

/** The number of channels. */
function checkShapes({ logits, mean, logScale, coefficients }: LogisticPixelParameters): number {
  const channels = mean.shape.at(-1) ?? 0;
  const ofChannels = [...logits.shape, channels];
  const ofPairs = [...logits.shape, (channels * (channels - 1)) / 2];
  const fits =
    logits.rank > 0 &&
    channels > 1 &&
    logits.shape.at(-1)! > 0 &&
    sameShape(mean.shape, ofChannels) &&
    sameShape(logScale.shape, ofChannels) &&
    sameShape(coefficients.shape, ofPairs);
  checkThat('LogisticPixelMixture', 'parameters', fits, {
    error: ShapeError,
    expected:
      'to be logits [..., K], mean and logScale [..., K, C] and coefficients [..., K, C (C - 1) / 2], with C of at least 2',
    actual: [logits, mean, logScale, coefficients].map(({ shape }) => formatShape(shape)).join(', '),
  });
  return channels;
}
