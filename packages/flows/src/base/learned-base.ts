import { BaseDistribution, BaseModule } from '@dgm/core';
import type {
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  EventSpace,
  Key,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { FlowBase } from './flow-base';

/**
 * A base distribution whose parameters are learned: the family of a head, with a number of its own for each parameter.
 *
 * @param head - for example `normalHead({ shape: [64] })` or `integerLogistic({ shape: [64] })`
 * @param options - `key`: spreads the initial values of the parameters, for mixtures, whose components must differ; all
 * parameters start at 0 without one
 * @see DGM §3.1.6, "Learnable base distributions"; Eq. 3.41
 */
export function learnedBase(
  head: DistributionHead,
  { key }: { readonly key?: Key } = {},
): ConditionalDistribution {
  return new LearnedBase(head, key);
}

class LearnedBase extends BaseModule implements FlowBase {
  readonly space: EventSpace | undefined;
  readonly #head: DistributionHead;
  readonly #parameters: Variable;

  constructor(head: DistributionHead, key?: Key) {
    super();
    this.#head = head;
    this.space = head.space;
    const shape: [number, number] = [1, head.numParameters];
    const initial = tf.tidy(() => (key === undefined ? tf.zeros(shape) : tf.mul(0.1, key.normal(shape))));
    this.#parameters = this.parameter('parameters', initial);
  }

  given(): Distribution {
    return new SingleRow(this.#head, this.#parameters);
  }
}

/** The distribution of one row of parameters, without the batch of one that a head gives it. */
class SingleRow extends BaseDistribution {
  readonly kind = 'SingleRow';
  readonly batchShape: Shape = [];
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly #head: DistributionHead;
  readonly #row: Variable;

  constructor(head: DistributionHead, row: Variable) {
    super();
    this.#head = head;
    this.#row = row;
    this.eventShape = head.eventShape;
    this.space = head.space;
  }

  get reparameterized(): boolean {
    return tf.tidy(() => this.#rows.reparameterized);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return tf.reshape(this.#rows.sample(key, sampleShape), [...sampleShape, ...this.eventShape]);
  }

  protected logDensity(x: Tensor): Tensor {
    const lead = x.shape.slice(0, x.rank - this.eventShape.length);
    const rows = this.#rows.logProb(tf.reshape(x, [...lead, 1, ...this.eventShape]));
    return tf.reshape(rows, lead);
  }

  protected override closedMean(): Tensor {
    return tf.reshape(this.#rows.mean(), [...this.eventShape]);
  }

  get #rows(): Distribution {
    return this.#head.distribution(this.#row);
  }
}
