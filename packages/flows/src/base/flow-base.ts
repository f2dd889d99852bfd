import {
  BaseDistribution,
  BaseModule,
  checkOptions,
  isModule,
  type CallOptions,
  type ConditionalDistribution,
  type Distribution,
  type DistributionHead,
  type EventSpace,
  type Key,
  type Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * A base distribution $\pi(z)$ with parameters: any `ConditionalDistribution`. A flow also provides the optional
 * members.
 */
export interface FlowBase extends ConditionalDistribution {
  /** The shape of an event, if it is known before the first call. */
  readonly eventShape?: Shape;
  /** The space of its events, if it is known before the first call. */
  readonly space?: EventSpace | undefined;
  /** The width of its context; 0 for an unconditional distribution. */
  readonly contextSize?: number;
  /** Initializes data-dependent layers from a batch of latents, as `Flow.initialize` does. */
  initialize?(z: Tensor, call?: CallOptions): void;
}

/** The base distribution given a context, which is passed only to conditional bases. */
export function givenBase(base: Distribution | FlowBase, call: CallOptions): Distribution {
  if (!isModule(base)) return base;
  const { context, ...rest } = call;
  return base.given(base.contextSize === 0 ? undefined : context, rest);
}

/**
 * A base distribution of a head's family with learned parameters.
 *
 * @param head - for example `normalHead({ shape: [64] })` or `integerLogistic({ shape: [64] })`
 * @param options - `key`: randomizes the initial parameters, which mixtures need because their components must
 * differ. Without a key, all parameters start at 0
 * @see DGM §3.1.6, "Learnable base distributions"; Eq. 3.41
 *
 * @example
 * ```ts
 * const head = integerLogisticMixture({ shape: [64], components: 5, center: 8, spread: 3 });
 * const model = idf({ dims: 64, base: learnedBase(head, { key: key.fold('base') }), key });
 * ```
 */
export function learnedBase(
  head: DistributionHead,
  { key, ...unknown }: { readonly key?: Key } = {},
): ConditionalDistribution {
  checkOptions('learnedBase', unknown, ['key']);
  return record(new LearnedBase(head, key), 'learnedBase', arguments);
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
  readonly #parameters: Variable;

  constructor(head: DistributionHead, parameters: Variable) {
    super();
    this.#head = head;
    this.#parameters = parameters;
    this.eventShape = head.eventShape;
    this.space = head.space;
  }

  get reparameterized(): boolean {
    return tf.tidy(() => this.row.reparameterized);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return tf.reshape(this.row.sample(key, sampleShape), [...sampleShape, ...this.eventShape]);
  }

  protected logDensity(x: Tensor): Tensor {
    const lead = x.shape.slice(0, x.rank - this.eventShape.length);
    const rows = this.row.logProb(tf.reshape(x, [...lead, 1, ...this.eventShape]));
    return tf.reshape(rows, lead);
  }

  protected override closedMean(): Tensor {
    return tf.reshape(this.row.mean(), [...this.eventShape]);
  }

  /** The same distribution with a batch of one. */
  get row(): Distribution {
    return this.#head.distribution(this.#parameters);
  }
}
