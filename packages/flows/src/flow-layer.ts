import { BaseModule, checkContext, leadingShape, sizeOf } from '@dgm/core';
import type { Bijector, CallOptions, ForwardResult, InverseResult, Module, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A bijector with parameters and a fixed event shape. */
export interface FlowLayer extends Module, Bijector {
  readonly eventShape: Shape;
  readonly latentShape: Shape;
}

/**
 * The base of flow layers. An author writes `forward` and `inverse`, which are the equations, for one batch axis: events
 * `[n, ...event]`, log-determinants `[n]`, a context `[n, contextSize]`. Layers that start from data also write `fit`.
 *
 * The public methods check shapes, take any number of leading axes, repeat the context for them, and free what is not
 * returned. No layer gets to see an empty batch.
 */
export abstract class BaseFlowLayer extends BaseModule implements FlowLayer {
  abstract readonly eventShape: Shape;

  get latentShape(): Shape {
    return this.eventShape;
  }

  get eventRank(): number {
    return this.eventShape.length;
  }

  forwardAndLogDet(z: Tensor, call: CallOptions = {}): ForwardResult {
    const where = `${this.constructor.name}.forwardAndLogDet`;
    const lead = [...leadingShape(z.shape, this.latentShape, where, 'z')];
    return tf.tidy(() => {
      if (sizeOf(lead) === 0) return { y: tf.zeros([...lead, ...this.eventShape]), logDet: tf.zeros(lead) };
      const { y, logDet } = this.forward(toRows(z, lead, this.latentShape), rowCall(call, lead, where));
      return { y: fromRows(y, lead, z), logDet: fromRows(logDet, lead, z) };
    });
  }

  inverseAndLogDet(y: Tensor, call: CallOptions = {}): InverseResult {
    const where = `${this.constructor.name}.inverseAndLogDet`;
    const lead = [...leadingShape(y.shape, this.eventShape, where, 'y')];
    return tf.tidy(() => {
      if (sizeOf(lead) === 0) return { z: tf.zeros([...lead, ...this.latentShape]), logDet: tf.zeros(lead) };
      const { z, logDet } = this.inverse(toRows(y, lead, this.eventShape), rowCall(call, lead, where));
      return { z: fromRows(z, lead, y), logDet: fromRows(logDet, lead, y) };
    });
  }

  protected abstract forward(z: Tensor, call: CallOptions): ForwardResult;
  protected abstract inverse(y: Tensor, call: CallOptions): InverseResult;
}

function toRows(x: Tensor, lead: Shape, event: Shape): Tensor {
  return lead.length === 1 ? x : tf.reshape(x, [sizeOf(lead), ...event]);
}

/** `[n, ...]` with the original leading axes; a copy where a layer returned its input, which the caller owns. */
function fromRows(rows: Tensor, lead: Shape, original: Tensor): Tensor {
  if (lead.length !== 1) return tf.reshape(rows, [...lead, ...rows.shape.slice(1)]);
  return rows === original ? tf.clone(rows) : rows;
}

/** The call for rows: a context of n rows is repeated for the axes before the last one, and a single row for all. */
function rowCall(call: CallOptions, lead: Shape, where: string): CallOptions {
  const { context } = call;
  if (context === undefined) return call;
  const rows = lead.at(-1) ?? 1;
  if (context.shape[0] !== 1) checkContext(where, context, { rows, contextSize: context.shape[1]! });
  const copies = sizeOf(lead) / context.shape[0]!;
  return copies === 1 ? call : { ...call, context: tf.tile(context, [copies, 1]) };
}
