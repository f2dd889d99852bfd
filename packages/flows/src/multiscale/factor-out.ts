import {
  BaseDistribution,
  BaseModule,
  checkInteger,
  checkOptions,
  childCall,
  isModule,
  sizeOf,
} from '@dgm/core';
import type { CallOptions, ConditionalDistribution, Distribution, EventSpace, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { givenBase, type FlowBase } from '../base/flow-base';
import { withContext } from '../internal/events';
import { record } from '../record';

export interface FactorOutOptions {
  /** The size of $z_a$ and of $z_b$ along the last axis. */
  readonly sizes: readonly [kept: number, dropped: number];
  /** $\pi(z_a)$: the distribution of the kept part, usually another flow. */
  readonly kept: Distribution | ConditionalDistribution;
  /**
   * $\pi(z_b | z_a)$: the distribution of the factored-out part, given the kept part, `[n, ...z_a]`, concatenated
   * with the context if there is one.
   */
  readonly dropped: ConditionalDistribution;
  /**
   * The axes before the last one: `[height, width]` for images.
   * @defaultValue none
   */
  readonly leadingShape?: Shape;
}

/**
 * A base that splits the latents along their last axis, $\pi(z) = \pi(z_a)\, \pi(z_b | z_a)$: $z_b$ is factored out,
 * and the flow that is the distribution of $z_a$ transforms it further. A flow over such a base is multi-scale.
 *
 * It owns both parts. For integers both are mass functions.
 * @see DGM §3.1.6, "Factoring-out"; Density Estimation Using Real NVP (Dinh et al., 2017), §3.6
 *
 * @example
 * ```ts
 * const base = factorOut({
 *   sizes: [4, 4],
 *   kept: realNvp({ dims: 4, key: key.fold('kept') }),
 *   dropped: conditional(mlp([4, 32, 2 * 4], { key: key.fold('dropped') }), normalHead({ shape: [4] })),
 * });
 * const model = realNvp({ dims: 8, base, key });
 * ```
 */
export function factorOut(options: FactorOutOptions): ConditionalDistribution {
  return record(new FactorOut(options), 'factorOut', arguments);
}

class FactorOut extends BaseModule implements FlowBase {
  readonly eventShape: Shape;
  readonly space: EventSpace | undefined;
  readonly #sizes: readonly [number, number];
  readonly #leadingShape: Shape;
  readonly #kept: Distribution | FlowBase;
  readonly #dropped: FlowBase;

  constructor(options: FactorOutOptions) {
    super();
    checkOptions('factorOut', options, ['sizes', 'kept', 'dropped', 'leadingShape']);
    const { sizes, kept, dropped, leadingShape = [] } = options;
    sizes.forEach((size) => checkInteger('factorOut', 'sizes', size));
    this.#sizes = sizes;
    this.#leadingShape = leadingShape;
    this.eventShape = [...leadingShape, sizes[0] + sizes[1]];
    this.#kept = isModule(kept) ? this.child('kept', kept) : kept;
    this.space = this.#kept.space;
    this.#dropped = this.child('dropped', dropped);
  }

  given(context?: Tensor, call: Omit<CallOptions, 'context'> = {}): Distribution {
    const whole = context === undefined ? call : { ...call, context };
    const kept = givenBase(this.#kept, childCall(whole, 'kept'));
    const dropped = (zA: Tensor): Distribution => {
      const seen = context === undefined ? zA : withContext(zA, { context: repeated(context, zA) });
      return this.#dropped.given(seen, childCall(call, 'dropped'));
    };
    const [first, second] = this.#sizes;
    return new Factored({
      kept,
      dropped,
      keptShape: [...this.#leadingShape, first],
      droppedShape: [...this.#leadingShape, second],
    });
  }

  initialize(z: Tensor, call: CallOptions = {}): void {
    if (!isModule(this.#kept)) return;
    const [zA] = tf.split(z, [...this.#sizes], -1);
    this.#kept.initialize?.(zA!, childCall(call, 'kept'));
  }
}

interface Factors {
  readonly kept: Distribution;
  /** The distribution of what stopped, a batch of the rows of what goes on. */
  readonly dropped: (zA: Tensor) => Distribution;
  readonly keptShape: Shape;
  readonly droppedShape: Shape;
}

class Factored extends BaseDistribution {
  readonly kind = 'Factored';
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  /** $\pi(z_a)$ */
  readonly kept: Distribution;
  readonly keptShape: Shape;
  readonly droppedShape: Shape;
  readonly #dropped: (zA: Tensor) => Distribution;

  constructor({ kept, dropped, keptShape, droppedShape }: Factors) {
    super();
    this.kept = kept;
    this.keptShape = keptShape;
    this.droppedShape = droppedShape;
    this.#dropped = dropped;
    this.batchShape = kept.batchShape;
    this.space = kept.space;
    this.eventShape = [...keptShape.slice(0, -1), keptShape.at(-1)! + droppedShape.at(-1)!];
  }

  get reparameterized(): boolean {
    const rows = sizeOf(this.batchShape);
    return (
      this.kept.reparameterized &&
      tf.tidy(() => this.dropped(tf.zeros([rows, ...this.keptShape])).reparameterized)
    );
  }

  /** $\pi(z_b | z_a)$ of rows of $z_a$, `[n, ...keptShape]`. It borrows tensors: call this inside `tf.tidy`. */
  dropped(zA: Tensor): Distribution {
    return this.#dropped(zA);
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const { kept, keptShape, droppedShape } = this;
    const zA = kept.sample(key.fold('kept'), sampleShape);
    const zB = this.dropped(tf.reshape(zA, [-1, ...keptShape])).sample(key.fold('dropped'));
    const lead = [...sampleShape, ...this.batchShape];
    return tf.concat([zA, tf.reshape(zB, [...lead, ...droppedShape])], -1);
  }

  protected logDensity(z: Tensor): Tensor {
    const { kept, keptShape, droppedShape } = this;
    const [zA, zB] = tf.split(z, [keptShape.at(-1)!, droppedShape.at(-1)!], -1) as [Tensor, Tensor];
    const rows = this.dropped(tf.reshape(zA, [-1, ...keptShape]));
    const logDropped = rows.logProb(tf.reshape(zB, [-1, ...droppedShape]));
    return tf.add(kept.logProb(zA), tf.reshape(logDropped, z.shape.slice(0, -keptShape.length)));
  }
}

/** A context of n rows, as often as there are rows of what it stands beside. */
function repeated(context: Tensor, zA: Tensor): Tensor {
  return tf.tile(context, [zA.shape[0]! / context.shape[0]!, 1]);
}
