import { BaseModule, checkSampling, leadingShape, oneHot, sizeOf } from '@dgm/core';
import type { Key, LikelihoodModel, Objective, SampleOptions, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from './record';

export interface FamilyNameOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /** How many values an entry can take: the integers from 0 to `values - 1`. */
  readonly values: number;
  /** For the initial weights. */
  readonly key: Key;
}

/**
 * Every entry has a categorical distribution of its own, $p(x) = \prod_d p_d(x_d)$: what a model has to beat.
 * @returns a model with an exact likelihood, over examples `[n, ...shape]`
 */
export function familyName(options: FamilyNameOptions): FamilyName {
  return record(new FamilyName(options), 'familyName', arguments);
}

/** Made by {@link familyName}. */
export class FamilyName extends BaseModule implements LikelihoodModel {
  readonly likelihoodKind = 'exact';
  readonly eventShape: Shape;
  readonly #values: number;
  readonly #logits: Variable;

  constructor({ shape, values, key }: FamilyNameOptions) {
    super();
    this.eventShape = shape;
    this.#values = values;
    this.#logits = this.parameter('logits', key.normal([sizeOf(shape), values]));
  }

  /**
   * $\ln p(x) = \sum_d \ln p_d(x_d)$, nats, `[n]`.
   * @param x - integers, `[n, ...shape]`
   * @throws ShapeError if `x` has another shape
   */
  logProb(x: Tensor): Tensor {
    const [n] = leadingShape(x.shape, this.eventShape, 'FamilyName.logProb', 'x');
    return tf.tidy(() => {
      const chosen = oneHot(tf.reshape(x, [n!, -1]), { depth: this.#values });
      return tf.sum(tf.mul(chosen, tf.logSoftmax(this.#logits)), [1, 2]);
    });
  }

  /** @returns integers, `[n, ...shape]` */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('FamilyName.sample', { key, n, options });
    return tf.tidy(() =>
      tf.reshape(tf.cast(key.categorical(this.#logits, [n]), 'float32'), [n, ...this.eventShape]),
    );
  }

  objectives(): readonly Objective[] {
    const loss = (x: Tensor): { total: Scalar } => ({
      total: tf.tidy(() => tf.neg(tf.mean<Scalar>(this.logProb(x)))),
    });
    return [{ name: 'likelihood', parameters: [this.#logits], loss }];
  }
}
