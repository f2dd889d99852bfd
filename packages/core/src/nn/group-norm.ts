import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { formatShape, sizeOf } from '../shape/shape';
import { checkInteger, checkNumber, checkOptions, checkThat } from '../check/check';
import { BaseLayer } from './layer';
import { standardize } from './standardize';

export interface GroupNormOptions {
  /** The size of the last axis. */
  readonly channels: number;
  /** How many groups the channels form; a divisor of `channels`. */
  readonly groups: number;
  /** Added to the variance. @defaultValue 1e-5 */
  readonly epsilon?: number;
}

/**
 * Normalizes each example's groups of channels over all positions, for `[n, ..., channels]`; then
 * $y = \gamma \hat x + \beta$ for each channel. $\gamma$ (`scale`) starts at 1 and $\beta$ (`shift`) at 0.
 * @see Group Normalization (Wu and He, 2018), Eq. 1 and 7
 *
 * @example
 * ```ts
 * const layer = new GroupNorm({ channels: 16, groups: 4 });
 * layer.apply(tf.ones([4, 8, 8, 16])); // [4, 8, 8, 16]
 * ```
 */
export class GroupNorm extends BaseLayer {
  readonly channels: number;
  readonly groups: number;
  readonly scale: Variable;
  readonly shift: Variable;
  readonly #epsilon: number;

  constructor({ channels, groups, epsilon = 1e-5, ...unknown }: GroupNormOptions) {
    super();
    record(this, 'GroupNorm', arguments);
    checkOptions('GroupNorm', unknown, ['channels', 'groups', 'epsilon']);
    checkNumber('GroupNorm', 'epsilon', epsilon, { min: 0 });
    checkInteger('GroupNorm', 'channels', channels);
    checkInteger('GroupNorm', 'groups', groups);
    checkThat('GroupNorm', 'groups', channels % groups === 0, {
      expected: `to divide the ${channels} channels`,
      actual: String(groups),
    });
    this.channels = channels;
    this.groups = groups;
    this.#epsilon = epsilon;
    this.scale = this.parameter('scale', tf.ones([channels]));
    this.shift = this.parameter('shift', tf.zeros([channels]));
  }

  protected override validate(x: Tensor): void {
    checkThat('GroupNorm.apply', 'x', x.rank >= 2 && x.shape[x.rank - 1] === this.channels, {
      error: ShapeError,
      expected: `of shape ${formatShape(['n', '...', this.channels])}`,
      actual: formatShape(x.shape),
    });
  }

  protected forward(x: Tensor): Tensor {
    // With the channels first, the numbers of a group lie side by side: every engine sums them in one pass, and a compiled
    // step standardizes them in one node.
    const positions = [...x.shape.keys()].slice(1, -1);
    const channels = x.rank - 1;
    const grouped = tf.transpose(x, [0, channels, ...positions]);
    const size = sizeOf(x.shape.slice(1)) / this.groups;
    const rows = tf.reshape(grouped, [x.shape[0]! * this.groups, size]);
    const normal = tf.reshape(standardize(rows, [-1], this.#epsilon), grouped.shape);
    const channelsLast = tf.transpose(normal, [0, ...positions.map((axis) => axis + 1), 1]);
    return tf.add(tf.mul(channelsLast, this.scale), this.shift);
  }
}
