import {
  ArgumentError,
  BaseModule,
  Chain,
  checkContext,
  checkGiven,
  checkInteger,
  checkOptions,
  checkSampling,
  checkThat,
  childCall,
  formatShape,
  isModule,
  leadingShape,
  sameShape,
  ShapeError,
  singleObjective,
  sizeOf,
  splitBatch,
  standardNormal,
  Transformed,
} from '@dgm/core';
import type {
  Bijector,
  CallOptions,
  ConditionalDistribution,
  ConditionedBatch,
  Distribution,
  EventSpace,
  Key,
  LikelihoodModel,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { givenBase, type FlowBase } from './base/flow-base';
import { build } from './record';

export interface FlowOptions {
  /** The layers from latents to data, in the order of sampling. The flow owns those with parameters. */
  readonly layers: readonly Bijector[];
  /**
   * The base distribution $\pi(z)$, fixed or learned. The flow owns a learned one.
   * @defaultValue the standard normal over the latents
   */
  readonly base?: Distribution | ConditionalDistribution | undefined;
  /** The shape of an event, if no layer knows it. */
  readonly eventShape?: Shape | undefined;
  /**
   * The width of the context of the layers, the base or both.
   * @defaultValue 0, an unconditional model
   */
  readonly contextSize?: number | undefined;
  /** The publication that describes the model. */
  readonly source?: string | undefined;
}

/**
 * A flow-based model: an invertible map from a base distribution to the data, with an exact likelihood.
 *
 * @throws ShapeError if a layer does not fit the one before it, or the base the first layer
 * @see DGM §3.1, and §3.2 for integers
 *
 * @example
 * ```ts
 * const coupling = (name: string) =>
 *   new Coupling({ mask: halfMask(2), network: mlp([1, 32, 2], { key: key.fold(name) }), transformer: affine() });
 * const model = flow({ layers: [coupling('first'), Permutation.reverse(2), coupling('second')] });
 * ```
 */
export function flow(options: FlowOptions): Flow {
  return build(() => new Flow(options), 'flow', arguments);
}

/**
 * The class of {@link flow}. `given(context)` is the distribution of the data, so a flow can also be a prior, a
 * posterior or a conditional density. Its batches are tensors, or `{ x, context }` if it is conditional.
 */
export class Flow
  extends BaseModule
  implements LikelihoodModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>, ConditionalDistribution
{
  readonly likelihoodKind = 'exact';
  readonly eventShape: Shape;
  readonly contextSize: number;
  /** Infinity for a flow over all integers; absent for a density. */
  readonly levels: number | undefined;
  /** The space of the events, if the base declares it. */
  readonly space: EventSpace | undefined;
  readonly source: string | undefined;
  /** The map from latents to data, with its log-determinants. */
  readonly bijector: Bijector;
  readonly #map: Chain;
  readonly #base: Distribution | FlowBase;

  constructor(options: FlowOptions) {
    super();
    checkOptions('flow', options, ['layers', 'base', 'eventShape', 'contextSize', 'source']);
    const { layers, base, eventShape, contextSize = 0, source } = options;
    checkGiven('flow', 'layers', layers, 'to be a list of bijectors');
    checkInteger('flow', 'contextSize', contextSize, { min: 0 });
    this.#map = this.child('map', new Chain(layers, eventShape === undefined ? {} : { eventShape }));
    this.bijector = this.#map;
    const latentShape = this.#map.latentShape;
    checkGiven('flow', 'eventShape', latentShape, 'to be given where no layer knows the shape of an event');
    this.eventShape = this.#map.eventShape!;
    this.contextSize = contextSize;
    this.source = source;
    this.#base = base ?? standardNormal(latentShape);
    checkBase(this.#base, latentShape);
    this.space = this.#base.space;
    this.levels = this.space === 'integers' ? Infinity : undefined;
    if (isModule(this.#base)) this.child('base', this.#base);
  }

  /**
   * $p(x | \text{context})$, or $p(x)$ for an unconditional model. It borrows the context and the model's parameters.
   * @param context - `[n, contextSize]`; then the distribution has a batch of n
   * @param call - `training` and a `key`, for layers that use them
   * @throws ShapeError if the context is missing, superfluous or of another width
   */
  given(context?: Tensor, call: Omit<CallOptions, 'context'> = {}): Transformed {
    checkContext('Flow.given', context, { contextSize: this.contextSize });
    const whole = context === undefined ? call : { ...call, context };
    return new Transformed(givenBase(this.#base, childCall(whole, 'base')), this.#map, whole);
  }

  /** The exact log-likelihood of each example in nats, `[n]`. `x` is `[n, ...event]`, or `{ x, context }`. */
  logProb(x: Tensor | ConditionedBatch): Tensor {
    return tf.tidy(() => this.#logProb(x, 'Flow.logProb'));
  }

  /**
   * `[n, ...event]`.
   * @param options - `context`: `[n, contextSize]`, one row for each draw
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('Flow.sample', { key, n, options, contextSize: this.contextSize });
    const { context } = options;
    return tf.tidy(() => this.given(context).sample(key, context === undefined ? [n] : []));
  }

  /** The latents of data: $z = f^{-1}(x)$, `[n, ...latent]`. */
  encode(x: Tensor, context?: Tensor): Tensor {
    checkContext('Flow.encode', context, { contextSize: this.contextSize });
    return tf.tidy(() => this.#map.inverseAndLogDet(x, context === undefined ? {} : { context }).z);
  }

  /** The data of latents: $x = f(z)$, `[n, ...event]`. */
  decode(z: Tensor, context?: Tensor): Tensor {
    checkContext('Flow.decode', context, { contextSize: this.contextSize });
    return tf.tidy(() => this.#map.forwardAndLogDet(z, context === undefined ? {} : { context }).y);
  }

  /**
   * Initializes data-dependent layers (activation normalization) from a batch, including those of a base that is a
   * flow. If there are such layers, call it once before training. A second call changes nothing, except that batch
   * normalization measures its moments again.
   * @param batch - at least two examples, `[n, ...event]`, or `{ x, context }`
   * @throws ArgumentError if the batch has fewer than two rows or values that are not finite; then nothing is changed
   */
  initialize(batch: Tensor | ConditionedBatch, call: Omit<CallOptions, 'context'> = {}): void {
    const { x, context } = splitBatch(batch);
    this.#checkRows('Flow.initialize', x, context);
    const count = sizeOf(leadingShape(x.shape, this.eventShape, 'Flow.initialize', 'x'));
    if (count < 2) {
      const expected = 'to have at least two examples';
      throw new ArgumentError({ where: 'Flow.initialize', argument: 'x', expected, actual: String(count) });
    }
    const whole = context === undefined ? call : { ...call, context };
    tf.tidy(() => {
      const { z } = this.#map.initialize(x, whole);
      if (isModule(this.#base)) this.#base.initialize?.(z, childCall(whole, 'base'));
    });
  }

  /** One objective: minus the log-likelihood in nats per example. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'nll',
      loss: (batch, key, { training }) => ({
        total: tf.neg(tf.mean<Scalar>(this.#logProb(batch, 'Flow.objectives', { training, key }))),
      }),
    });
  }

  #logProb(batch: Tensor | ConditionedBatch, where: string, call: CallOptions = {}): Tensor {
    const { x, context } = splitBatch(batch);
    this.#checkRows(where, x, context);
    return this.given(context, call).logProb(x);
  }

  #checkRows(where: string, x: Tensor, context: Tensor | undefined): void {
    const rows = x.rank > this.eventShape.length ? x.shape[x.rank - this.eventShape.length - 1] : undefined;
    checkContext(where, context, { rows, contextSize: this.contextSize });
  }
}

function checkBase(base: Distribution | FlowBase, latentShape: Shape): void {
  const { eventShape } = base;
  const batchShape = isModule(base) ? [] : base.batchShape;
  if (eventShape === undefined) return;
  checkThat('flow', 'base', sameShape(eventShape, latentShape) && batchShape.length === 0, {
    error: ShapeError,
    expected: `with an event of shape ${formatShape(latentShape)} and no batch`,
    actual: `event ${formatShape(eventShape)}, batch ${formatShape(batchShape)}`,
    remedy: 'wrap it in Independent, or give the layers another shape',
  });
}
