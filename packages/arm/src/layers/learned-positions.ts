import { BaseLayer, checkOptions, checkThat, formatShape, ShapeError } from '@dgm/core';
import type { Key, Step, StepLayer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';

export interface LearnedPositionsOptions {
  /** The greatest length of a sequence. */
  readonly length: number;
  readonly features: number;
  /** Randomness for the initial vectors, which are small. */
  readonly key: Key;
}

/** How many positions were seen, a scalar. */
export type PositionState = { readonly position: Tensor };

/**
 * Adds a learned vector for each position to sequences `[n, length, features]`.
 *
 * @example
 * ```ts
 * const layer = new LearnedPositions({ length: 10, features: 8, key });
 * layer.apply(tf.zeros([4, 10, 8])); // [4, 10, 8]
 * ```
 */
export class LearnedPositions extends BaseLayer implements StepLayer<PositionState> {
  readonly length: number;
  readonly features: number;
  /** `[length, features]` */
  readonly vectors: Variable;

  constructor({ length, features, key, ...unknown }: LearnedPositionsOptions) {
    super();
    record(this, 'LearnedPositions', arguments);
    checkOptions('LearnedPositions', unknown, ['length', 'features', 'key']);
    this.length = length;
    this.features = features;
    this.vectors = this.parameter(
      'vectors',
      tf.tidy(() => tf.mul(key.normal([length, features]), 0.02)),
    );
  }

  initialState(): PositionState {
    return { position: tf.scalar(0, 'int32') };
  }

  step(x: Tensor, { position }: PositionState): Step<PositionState> {
    return tf.tidy(() => {
      const vector = tf.gather(this.vectors, tf.reshape(position, [1]));
      return { output: tf.add(x, vector), state: { position: tf.add(position, tf.scalar(1, 'int32')) } };
    });
  }

  protected override validate(x: Tensor): void {
    checkThat(
      'LearnedPositions.apply',
      'x',
      x.rank === 3 && x.shape[1]! <= this.length && x.shape[2] === this.features,
      {
        error: ShapeError,
        expected: `of shape ${formatShape(['n', `${this.length} or less`, this.features])}`,
        actual: formatShape(x.shape),
      },
    );
  }

  protected forward(x: Tensor): Tensor {
    const length = x.shape[1]!;
    return tf.add(x, length === this.length ? this.vectors : tf.slice(this.vectors, [0, 0], [length, -1]));
  }
}
