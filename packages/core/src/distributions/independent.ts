import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { sumLastAxes } from '../ops/sum-last-axes';
import type { Key } from '../random/key';
import { formatShape, sizeOf, type Shape } from '../shape/shape';
import { BaseDistribution, type Distribution } from './distribution';
import { Normal } from './normal';
import type { EventSpace } from './support';

/**
 * Takes the last axes of a distribution's batch as part of one event: $\ln p(x) = \sum_d \ln p_d(x_d)$.
 *
 * @example
 * ```ts
 * const prior = new Independent(new Normal(0, 1, { shape: [16] }), 1);
 * prior.eventShape; // [16]
 * ```
 */
export class Independent extends BaseDistribution {
  readonly kind = 'Independent';
  readonly base: Distribution;
  /** How many axes of the base's batch the event takes. */
  readonly rank: number;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly reparameterized: boolean;
  override readonly space: EventSpace | undefined;

  /** @throws {@link ArgumentError} if the base's batch has fewer than `rank` axes */
  constructor(base: Distribution, rank: number) {
    super();
    record(this, 'Independent', arguments);
    const lead = base.batchShape.length - rank;
    checkThat('Independent', 'rank', Number.isInteger(rank) && rank >= 0 && lead >= 0, {
      expected: `to be an integer from 0 to the ${base.batchShape.length} axes of the base's batch ${formatShape(base.batchShape)}`,
      actual: String(rank),
    });
    this.base = base;
    this.rank = rank;
    this.batchShape = base.batchShape.slice(0, lead);
    this.eventShape = [...base.batchShape.slice(lead), ...base.eventShape];
    this.reparameterized = base.reparameterized;
    this.space = base.space;
  }

  pick(indices: Tensor): Independent | undefined {
    const { base, rank } = this;
    const shape = base.batchShape.slice(base.batchShape.length - rank);
    const picked = base.pick?.(entriesOf(indices, shape));
    return picked && new Independent(picked, rank);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.base.sample(key, sampleShape);
  }

  protected logDensity(x: Tensor): Tensor {
    return this.sumOverEvent(this.base.logProb(x));
  }

  protected override closedEntropy(): Tensor {
    return this.sumOverEvent(this.base.entropy());
  }

  protected override closedMean(): Tensor {
    return this.base.mean();
  }

  protected override closedVariance(): Tensor {
    return this.base.variance();
  }

  protected override closedMode(): Tensor {
    return this.base.mode();
  }

  /** Sums a quantity of the base's batch over the axes that belong to the event. */
  sumOverEvent(perElement: Tensor): Tensor {
    return this.rank === 0 ? tf.clone(perElement) : sumLastAxes(perElement, this.rank);
  }
}

/** The flat indices of all entries, `[...indices, ...shape]`, of the blocks of this shape at the given flat indices. */
function entriesOf(indices: Tensor, shape: Shape): Tensor {
  const size = sizeOf(shape);
  const first = tf.reshape(tf.mul(indices, tf.scalar(size, 'int32')), [
    ...indices.shape,
    ...shape.map(() => 1),
  ]);
  return tf.add(first, tf.reshape(tf.range(0, size, 1, 'int32'), [...shape]));
}

/**
 * The standard normal distribution over events of the given shape: $\mathcal{N}(0, I)$ (DGM Eq. 4.29).
 *
 * @example
 * ```ts
 * const prior = standardNormal([8]);
 * prior.sample(key, [100]); // [100, 8]
 * ```
 */
export function standardNormal(shape: Shape): Independent {
  return record(new Independent(new Normal(0, 1, { shape }), shape.length), 'standardNormal', arguments);
}
