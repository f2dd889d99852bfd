import { BaseModule, formatShape, leadingShape, ShapeError, sizeOf } from '@dgm/core';
import type { Bijector, CallOptions, Module, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What a flow layer is told about the call. */
export interface FlowCall extends CallOptions {
  /** What the flow is conditioned on, `[n, features]`, for events `[..., n, ...event]`. */
  readonly context?: Tensor;
}

export interface Forward {
  readonly y: Tensor;
  readonly logDet: Tensor;
}

export interface Backward {
  readonly z: Tensor;
  readonly logDet: Tensor;
}

/**
 * An invertible map with parameters, and with an optional context: a core `Bijector` that is a `Module`.
 *
 * As there, forward goes from latent to data, and `logDet` is in nats, of the direction that was asked for.
 */
export interface FlowLayer extends Module, Bijector {
  /** The shape of one event on the side of the data. */
  readonly eventShape: Shape;
  /** The shape of one event on the side of the latents; only layers that rearrange an image change it. */
  readonly latentShape: Shape;
  forwardAndLogDet(z: Tensor, call?: FlowCall): { y: Tensor; logDet: Tensor };
  inverseAndLogDet(y: Tensor, call?: FlowCall): { z: Tensor; logDet: Tensor };
}

/**
 * The base of flow layers. An author writes `forward` and `inverse`, which *are* the equations, for one batch axis:
 * events `[n, ...event]`, log-determinants `[n]`, a context `[n, features]`.
 *
 * The public methods check shapes, take any number of leading axes, repeat the context for them, and free what is
 * not returned.
 */
export abstract class BaseFlowLayer extends BaseModule implements FlowLayer {
  abstract readonly eventShape: Shape;

  get latentShape(): Shape {
    return this.eventShape;
  }

  get eventRank(): number {
    return this.eventShape.length;
  }

  forwardAndLogDet(z: Tensor, call: FlowCall = {}): { y: Tensor; logDet: Tensor } {
    const lead = leadingShape(z.shape, this.latentShape, `${this.constructor.name}.forwardAndLogDet`, 'z');
    return tf.tidy(() => {
      const { y, logDet } = this.forward(toRows(z, lead, this.latentShape), rowCall(call, lead));
      return { y: fromRows(y, lead, z), logDet: fromRows(logDet, lead, z) };
    });
  }

  inverseAndLogDet(y: Tensor, call: FlowCall = {}): { z: Tensor; logDet: Tensor } {
    const lead = leadingShape(y.shape, this.eventShape, `${this.constructor.name}.inverseAndLogDet`, 'y');
    return tf.tidy(() => {
      const { z, logDet } = this.inverse(toRows(y, lead, this.eventShape), rowCall(call, lead));
      return { z: fromRows(z, lead, y), logDet: fromRows(logDet, lead, y) };
    });
  }

  protected abstract forward(z: Tensor, call: FlowCall): Forward;
  protected abstract inverse(y: Tensor, call: FlowCall): Backward;
}

function toRows(x: Tensor, lead: Shape, event: Shape): Tensor {
  return lead.length === 1 ? x : tf.reshape(x, [sizeOf(lead), ...event]);
}

/** `[n, ...]` with the leading axes that came; a copy where a layer gave back what the caller owns. */
function fromRows(rows: Tensor, lead: Shape, original: Tensor): Tensor {
  if (lead.length !== 1) return tf.reshape(rows, [...lead, ...rows.shape.slice(1)]);
  return rows === original ? tf.clone(rows) : rows;
}

/** The call for rows: a context of n rows is repeated for the axes in front of the n. */
function rowCall(call: FlowCall, lead: Shape): FlowCall {
  const { context } = call;
  if (context === undefined) return call;
  if (context.rank !== 2 || context.shape[0] !== lead.at(-1)) {
    throw new ShapeError({
      where: 'FlowLayer',
      argument: 'call.context',
      expected: `of shape ${formatShape([lead.at(-1) ?? 'n', 'features'])}`,
      actual: formatShape(context.shape),
      remedy: 'give one row of context for each event along the last axis of the batch',
    });
  }
  const copies = sizeOf(lead.slice(0, -1));
  return copies === 1 ? call : { ...call, context: tf.tile(context, [copies, 1]) };
}
