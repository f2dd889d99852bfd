import { ArgumentError } from '@dgm/core';
import type { Bijector, Module, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer, type Backward, type FlowCall, type FlowLayer, type Forward } from './flow-layer';
import { initializeFlow, type DataDependentFlow } from './initialize-flow';
import { forPart, sumEvent } from './internal/events';

/** What a chain is made of: layers with parameters, and core's bijectors, which have none. */
export type ChainPart = FlowLayer | Bijector;

export interface ChainOptions {
  /** The shape of one event; that of the last layer with parameters unless given. */
  readonly eventShape?: Shape;
}

/**
 * Several maps, one after the other: $f = f_n \circ \dots \circ f_1$ for `new Chain([f_1, ..., f_n])`. In the forward
 * direction, from latent to data, the first of the list comes first. It owns its layers.
 *
 * $\log |\det J_f| = \sum_i \log |\det J_{f_i}|$, those of element-wise bijectors summed over the event.
 * @throws ArgumentError if no part knows its shape and none is given
 * @see DGM Eq. 3.10, 3.11
 */
export class Chain extends BaseFlowLayer implements DataDependentFlow {
  readonly eventShape: Shape;
  readonly #latentShape: Shape;
  readonly #parts: readonly ChainPart[];

  constructor(parts: readonly ChainPart[], { eventShape }: ChainOptions = {}) {
    super();
    const layers = parts.filter(isLayer);
    const shape = layers.at(-1)?.eventShape ?? eventShape;
    if (shape === undefined) {
      throw new ArgumentError({
        where: 'Chain',
        argument: 'eventShape',
        expected: 'to be given where no part has a shape',
        actual: 'undefined',
      });
    }
    this.#parts = parts;
    this.eventShape = shape;
    this.#latentShape = layers[0]?.latentShape ?? shape;
    parts.forEach((part, index) => isLayer(part) && this.child(String(index), part));
  }

  override get latentShape(): Shape {
    return this.#latentShape;
  }

  initialize(y: Tensor, call: FlowCall = {}): { z: Tensor; logDet: Tensor } {
    return tf.tidy(() => this.#back(y, call, initializeFlow));
  }

  protected forward(z: Tensor, call: FlowCall): Forward {
    let y = z;
    const terms = this.#parts.map((part, index) => {
      const step = isLayer(part) ? part.forwardAndLogDet(y, forPart(call, index)) : part.forwardAndLogDet(y);
      y = step.y;
      return sumEvent(step.logDet);
    });
    return { y, logDet: total(terms, z) };
  }

  protected inverse(y: Tensor, call: FlowCall): Backward {
    return this.#back(y, call, (layer, input, own) => layer.inverseAndLogDet(input, own));
  }

  #back(y: Tensor, call: FlowCall, apply: typeof initializeFlow): { z: Tensor; logDet: Tensor } {
    let z = y;
    const terms: Tensor[] = [];
    for (let index = this.#parts.length - 1; index >= 0; index--) {
      const part = this.#parts[index]!;
      const step = isLayer(part) ? apply(part, z, forPart(call, index)) : part.inverseAndLogDet(z);
      z = step.z;
      terms.push(sumEvent(step.logDet));
    }
    return { z, logDet: total(terms, y) };
  }
}

/** A core bijector has neither shape nor parameters. */
function isLayer(part: ChainPart): part is FlowLayer {
  return 'parameters' in (part as Bijector & Partial<Module>);
}

function total(terms: readonly Tensor[], x: Tensor): Tensor {
  const [first, ...rest] = terms;
  return first === undefined ? tf.zeros([x.shape[0]!]) : rest.reduce((sum, term) => tf.add(sum, term), first);
}
