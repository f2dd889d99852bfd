import { BaseModule, checkContext, sigmoid } from '@dgm/core';
import type { CallOptions, Key, SequenceState, Step } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { StepInput, StepNetwork } from '../model/network';
import type { ValueEncoding } from './value-encoding';

export interface NadeNetworkOptions {
  readonly numVariables: number;
  readonly hidden: number;
  readonly encoding: ValueEncoding;
  readonly numParameters: number;
  /**
   * The width of a context.
   * @defaultValue 0
   */
  readonly contextSize?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * NADE: the conditionals share the weights of the visible units, $h_d = \sigma(c + \sum_{j<d} W_j x_j)$, and have an
 * output each, $\theta_d = b_d + V_d h_d$. The sum carries over from one variable to the next.
 */
export class NadeNetwork extends BaseModule implements StepNetwork {
  readonly numParameters: number;
  readonly contextSize: number;
  readonly numVariables: number;
  /** `[D, features, hidden]` */
  readonly #visible: Variable;
  readonly #hiddenBias: Variable;
  /** `[D, hidden, numParameters]` */
  readonly #output: Variable;
  /** `[D, 1, numParameters]` */
  readonly #outputBias: Variable;
  /** `[contextSize, hidden]` */
  readonly #ofContext: Variable | undefined;
  readonly #encoding: ValueEncoding;

  constructor({ numVariables, hidden, encoding, numParameters, contextSize = 0, key }: NadeNetworkOptions) {
    super();
    this.numVariables = numVariables;
    this.numParameters = numParameters;
    this.contextSize = contextSize;
    this.#encoding = encoding;
    const uniform = (name: string, shape: readonly number[], fanIn: number): Variable => {
      const bound = 1 / Math.sqrt(fanIn);
      return this.parameter(name, key.fold(name).uniform(shape, { min: -bound, max: bound }));
    };
    this.#visible = uniform('visible', [numVariables, encoding.features, hidden], numVariables);
    this.#hiddenBias = this.parameter('hiddenBias', tf.zeros([hidden]));
    this.#output = uniform('output', [numVariables, hidden, numParameters], hidden);
    this.#outputBias = this.parameter('outputBias', tf.zeros([numVariables, 1, numParameters]));
    this.#ofContext = contextSize === 0 ? undefined : uniform('context', [contextSize, hidden], contextSize);
  }

  conditionals(x: Tensor, call: CallOptions = {}): Tensor {
    checkContext('NadeNetwork.conditionals', call.context, {
      rows: x.shape[0]!,
      contextSize: this.contextSize,
    });
    return tf.tidy(() => {
      const byVariable = tf.transpose(this.#encoding.encode(x), [1, 0, 2]); // [D, n, features]
      const terms = tf.matMul(byVariable, this.#visible as Tensor); // [D, n, hidden]
      // Along the last axis: the gradient that tfjs gives for another has its axes mixed up.
      const before = tf.transpose(tf.cumsum(tf.transpose(terms, [1, 2, 0]), 2, true), [2, 0, 1]);
      const hidden = sigmoid(tf.add(before, this.#start(call)));
      const parameters = tf.add(tf.matMul(hidden, this.#output as Tensor), this.#outputBias);
      return tf.transpose(parameters, [1, 0, 2]);
    });
  }

  initialState(n: number): SequenceState {
    return { position: tf.scalar(0, 'int32'), sum: tf.zeros([n, this.#hiddenBias.size]) };
  }

  step({ previous }: StepInput, state: SequenceState, call: CallOptions = {}): Step<SequenceState> {
    return tf.tidy(() => {
      const position = state['position']!;
      const at = (weights: Variable, index: Tensor): Tensor =>
        tf.squeeze(tf.gather(weights as Tensor, tf.reshape(index, [1])), [0]);
      const before = (): Tensor => at(this.#visible, tf.sub(position, tf.scalar(1, 'int32')));
      const sum =
        previous === undefined
          ? tf.clone(state['sum']!)
          : tf.add(state['sum']!, tf.matMul(this.#encoding.encode(previous), before()));
      const hidden = sigmoid(tf.add(sum, this.#start(call)));
      return {
        output: tf.add(tf.matMul(hidden, at(this.#output, position)), at(this.#outputBias, position)),
        state: { position: tf.add(position, tf.scalar(1, 'int32')), sum },
      };
    });
  }

  /** What the hidden units sum up before the first variable: `[hidden]`, or `[n, hidden]` with a context. */
  #start({ context }: CallOptions): Tensor {
    if (context === undefined) return this.#hiddenBias;
    return tf.add(tf.matMul(context, this.#ofContext as Tensor), this.#hiddenBias);
  }
}
