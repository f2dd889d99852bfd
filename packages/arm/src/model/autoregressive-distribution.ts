import { BaseDistribution, broadcastTo, sizeOf } from '@dgm/core';
import type { EventSpace, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What the distribution asks of the model. */
export interface ConditionedModel {
  readonly eventShape: Shape;
  readonly space: EventSpace | undefined;
  logProbGiven(x: Tensor, context: Tensor | undefined): Tensor;
  sampleGiven(key: Key, n: number, context: Tensor | undefined): Tensor;
}

/** An autoregressive model given its context, as a distribution: a decoder, a prior or an entropy model. */
export class AutoregressiveDistribution extends BaseDistribution {
  readonly kind = 'Autoregressive';
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly #model: ConditionedModel;
  readonly #context: Tensor | undefined;

  /** @param context - `[n, contextSize]`, borrowed; undefined for a model without one */
  constructor(model: ConditionedModel, context: Tensor | undefined) {
    super();
    this.#model = model;
    this.#context = context;
    this.batchShape = context === undefined ? [] : [context.shape[0]!];
    this.eventShape = model.eventShape;
    this.space = model.space;
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const lead = [...sampleShape, ...this.batchShape];
    const rows = this.#model.sampleGiven(key, sizeOf(lead), this.#contextOf(sizeOf(sampleShape)));
    return tf.reshape(rows, [...lead, ...this.eventShape]);
  }

  protected logDensity(x: Tensor): Tensor {
    const event = this.eventShape;
    const lead = x.shape.slice(0, x.rank - event.length);
    const full = this.#context !== undefined && lead.at(-1) !== this.batchShape[0];
    const whole = full ? [...lead.slice(0, -1), ...this.batchShape] : lead;
    const values = full ? broadcastTo(x, [...whole, ...event]) : x;
    const rows = tf.reshape(values, [sizeOf(whole), ...event]);
    const conditions = sizeOf(this.batchShape);
    const copies = conditions === 0 ? 1 : sizeOf(whole) / conditions;
    return tf.reshape(this.#model.logProbGiven(rows, this.#contextOf(copies)), [...whole]);
  }

  /** The context of each row where there are several draws for each context. */
  #contextOf(copies: number): Tensor | undefined {
    return this.#context === undefined || copies === 1 ? this.#context : tf.tile(this.#context, [copies, 1]);
  }
}
