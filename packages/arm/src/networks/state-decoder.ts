import { ArgumentError, BaseModule, checkContext, mlp } from '@dgm/core';
import type { CallOptions, Key, Layer, SequenceState, Step } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { BaseCausalLayer } from '../layers/causal-layer';
import type { StepInput, StepNetwork } from '../model/network';
import type { ValueEncoding } from './value-encoding';

export interface StateDecoderOptions {
  /** A recurrent layer with states `[n, size]`: `[n, length, features]` to `[n, length, numParameters]`. The network owns it. */
  readonly body: BaseCausalLayer;
  readonly encoding: ValueEncoding;
  readonly numParameters: number;
  readonly contextSize: number;
  /** Units of the hidden layers between the context and the state. */
  readonly contextHidden: readonly number[];
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** What a context decides: the features in place of a value before the first, and the first state. */
interface Start {
  readonly first: Tensor;
  readonly state: SequenceState;
}

/**
 * A recurrent layer whose first state, and first input, come from the context by a network: $(x_0, h_0) = f(c)$.
 *
 * With the whole sequence given it is trained by teacher forcing: position d sees the value before it as it was, not as
 * it would have been drawn.
 */
export class StateDecoder extends BaseModule implements StepNetwork {
  readonly numParameters: number;
  readonly contextSize: number;
  readonly #body: BaseCausalLayer;
  readonly #encoding: ValueEncoding;
  readonly #start: Layer;
  /** Names of the states and their sizes. */
  readonly #states: readonly (readonly [string, number])[];

  constructor({ body, encoding, numParameters, contextSize, contextHidden, key }: StateDecoderOptions) {
    super();
    this.#body = this.child('body', body);
    if (contextSize < 1) {
      body.dispose();
      throw new ArgumentError({
        where: 'StateDecoder',
        argument: 'contextSize',
        expected: 'to be at least 1, since the first state comes from the context',
        actual: String(contextSize),
      });
    }
    this.#encoding = encoding;
    this.numParameters = numParameters;
    this.contextSize = contextSize;
    const state = body.initialState(1);
    this.#states = Object.entries(state).map(([name, { size }]) => [name, size] as const);
    tf.dispose(state);
    const outputs = this.#states.reduce((sum, [, size]) => sum + size, encoding.features);
    this.#start = this.child('start', mlp([contextSize, ...contextHidden, outputs], { key }));
  }

  conditionals(x: Tensor, call: CallOptions = {}): Tensor {
    checkContext('StateDecoder.conditionals', call.context, {
      rows: x.shape[0]!,
      contextSize: this.contextSize,
    });
    return tf.tidy(() => {
      const { first, state } = this.#from(call);
      const values = this.#encoding.encode(x);
      const earlier = tf.slice(values, [0, 0, 0], [-1, x.shape[1]! - 1, -1]);
      return this.#body.run(tf.concat([tf.expandDims(first, 1), earlier], 1), state, call).outputs;
    });
  }

  initialState(n: number, call: CallOptions = {}): SequenceState {
    checkContext('StateDecoder.initialState', call.context, { rows: n, contextSize: this.contextSize });
    return tf.tidy(() => this.#from(call).state);
  }

  step({ previous }: StepInput, state: SequenceState, call: CallOptions = {}): Step<SequenceState> {
    return tf.tidy(() => {
      const earlier = previous === undefined ? this.#from(call).first : this.#encoding.encode(previous);
      const { output, state: after } = this.#body.step(earlier, state, call);
      return { output, state: after };
    });
  }

  #from({ context }: CallOptions): Start {
    const sizes = [this.#encoding.features, ...this.#states.map(([, size]) => size)];
    const [first, ...states] = tf.split(this.#start.apply(context!), sizes, 1);
    const entries = this.#states.map(([name], index) => [name, states[index]!] as const);
    return { first: first!, state: Object.fromEntries(entries) };
  }
}
