import { BaseDistribution, checkInteger, checkOptions, logSumExp, sizeOf } from '@dgm/core';
import type { Distribution, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { encode } from './encoder';
import type { Encoder } from './encoder';
import { record } from './record';

export interface AggregatedPosteriorOptions {
  /**
   * How many examples, and how many values of z, are taken at a time.
   * @defaultValue 256
   */
  readonly chunkSize?: number;
}

class AggregatedPosterior extends BaseDistribution {
  readonly kind = 'AggregatedPosterior';
  override readonly space = undefined;
  readonly batchShape: Shape = [];
  readonly eventShape: Shape;
  readonly reparameterized = false;
  readonly #encoder: Encoder;
  readonly #x: Tensor;
  readonly #chunkSize: number;

  constructor(encoder: Encoder, x: Tensor, { chunkSize = 256 }: AggregatedPosteriorOptions) {
    super();
    checkInteger('aggregatedPosterior', 'chunkSize', chunkSize);
    this.#encoder = encoder;
    this.#x = x;
    this.#chunkSize = chunkSize;
    this.eventShape = tf.tidy(() => [...encode(encoder, tf.slice(x, 0, 1)).eventShape]);
  }

  protected logDensity(z: Tensor): Tensor {
    const lead = z.shape.slice(0, z.rank - this.eventShape.length);
    if (sizeOf(lead) === 0) return tf.zeros(lead);
    const rows = tf.reshape(z, [sizeOf(lead), 1, ...this.eventShape]); // [m, 1, ...event] against a batch [n]
    const logSums = this.#chunksOf(rows).map((some) =>
      logSumExp(tf.stack(this.#overExamples((q) => logSumExp(q.logProb(some), { axis: -1 }))), { axis: 0 }),
    );
    return tf.reshape(tf.sub(tf.concat(logSums), Math.log(this.#x.shape[0]!)), lead);
  }

  /** A posterior at random, and a draw from it. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const count = this.#x.shape[0]!;
    const rows = tf.floor(tf.mul(count, key.fold('example').uniform([sizeOf(sampleShape)])));
    // float32 may round the product up to `count` itself.
    const x = tf.gather(this.#x, tf.cast(tf.minimum(rows, count - 1), 'int32'));
    return tf.reshape(encode(this.#encoder, x).sample(key.fold('z')), [...sampleShape, ...this.eventShape]);
  }

  protected override closedMean(): Tensor {
    return this.#average((q) => q.mean());
  }

  /** The mean of the variances and the variance of the means. */
  protected override closedVariance(): Tensor {
    const mean = this.closedMean();
    return this.#average((q) => tf.add(q.variance(), tf.square(tf.sub(q.mean(), mean))));
  }

  #average(quantity: (q: Distribution) => Tensor): Tensor {
    const sums = this.#overExamples((q) => tf.sum(quantity(q), 0));
    return tf.div(tf.addN(sums), this.#x.shape[0]!);
  }

  #overExamples(quantity: (q: Distribution) => Tensor): Tensor[] {
    return this.#chunksOf(this.#x).map((x) => tf.tidy(() => quantity(encode(this.#encoder, x))));
  }

  #chunksOf(rows: Tensor): Tensor[] {
    const count = rows.shape[0]!;
    return Array.from({ length: Math.ceil(count / this.#chunkSize) }, (_, index) => {
      const start = index * this.#chunkSize;
      return tf.slice(rows, start, Math.min(this.#chunkSize, count - start));
    });
  }
}

/**
 * The aggregated posterior of a set of examples, $q(z) = \frac1N \sum_n q_\phi(z | x_n)$: what the best prior would be,
 * and what a prior is to be compared with. It works through the examples in chunks, so that many of them fit.
 *
 * For analysis: as a prior it would see all data at every step, and let the posteriors collapse onto the examples.
 * @param encoder - the model's; borrowed
 * @param x - `[N, ...event]`; borrowed
 * @see DGM §4.4.1, Eq. 4.44, Fig. 4.5
 *
 * @example
 * ```ts
 * const encoder = conditional(mlp([64, 64, 2 * 2], { key }), normalHead({ shape: [2] }));
 * const aggregate = aggregatedPosterior(encoder, x); // x: [N, 64]
 * const z = aggregate.sample(key, [1000]); // [1000, 2]
 * const density = aggregate.logProb(z); // [1000]
 * ```
 */
export function aggregatedPosterior(
  encoder: Encoder,
  x: Tensor,
  options: AggregatedPosteriorOptions = {},
): Distribution {
  checkOptions('aggregatedPosterior', options, ['chunkSize']);
  return record(new AggregatedPosterior(encoder, x, options), 'aggregatedPosterior', arguments);
}
