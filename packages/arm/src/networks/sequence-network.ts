import { BaseModule, checkContext } from '@dgm/core';
import type { CallOptions, SequenceState, StateOptions, Step, StepLayer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { shiftRight } from '../layers/causal-conv1d';
import type { StepInput, StepNetwork } from '../model/network';
import { record } from '../record';
import type { ValueEncoding } from './value-encoding';

export interface SequenceNetworkOptions {
  /** A causal layer: `[n, length, features + contextSize]` to `[n, length, numParameters]`. The network owns it. */
  readonly body: StepLayer;
  readonly encoding: ValueEncoding;
  readonly numParameters: number;
  /**
   * The width of the context that joins the features of each variable.
   * @defaultValue 0
   */
  readonly contextSize?: number;
}

/**
 * A causal layer over the values, one position late: the layer sees $x_{d-1}$ where it puts out the parameters of $x_d$.
 * Option A of the first layer in the book, for layers of every kind.
 */
export class SequenceNetwork extends BaseModule implements StepNetwork {
  readonly numParameters: number;
  readonly contextSize: number;
  readonly #body: StepLayer;
  readonly #encoding: ValueEncoding;

  constructor({ body, encoding, numParameters, contextSize = 0 }: SequenceNetworkOptions) {
    super();
    record(this, 'SequenceNetwork', arguments);
    this.#body = this.child('body', body);
    this.#encoding = encoding;
    this.numParameters = numParameters;
    this.contextSize = contextSize;
  }

  conditionals(x: Tensor, call: CallOptions = {}): Tensor {
    const [n, length] = x.shape as [number, number];
    checkContext('SequenceNetwork.conditionals', call.context, { rows: n, contextSize: this.contextSize });
    return tf.tidy(() => {
      const earlier = shiftRight(this.#encoding.encode(x));
      if (call.context === undefined) return this.#body.apply(earlier, call);
      const everywhere = tf.tile(tf.expandDims(call.context, 1), [1, length, 1]);
      return this.#body.apply(tf.concat([earlier, everywhere], 2), call);
    });
  }

  initialState(n: number, { capacity }: CallOptions & StateOptions = {}): SequenceState {
    return this.#body.initialState(n, capacity === undefined ? {} : { capacity });
  }

  step({ n, previous }: StepInput, state: SequenceState, call: CallOptions = {}): Step<SequenceState> {
    return tf.tidy(() => {
      const earlier =
        previous === undefined ? tf.zeros([n, this.#encoding.features]) : this.#encoding.encode(previous);
      const features = call.context === undefined ? earlier : tf.concat([earlier, call.context], 1);
      const { output, state: after } = this.#body.step(features, state, call);
      return { output, state: after };
    });
  }
}
