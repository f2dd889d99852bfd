import {
  activationFunction,
  BaseModule,
  checkContext,
  Dense,
  madeDegrees,
  madeMask,
  maskedWeight,
} from '@dgm/core';
import type { Activation, CallOptions, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AutoregressiveNetwork } from '../model/network';
import { rasterOrder } from '../model/order';
import type { ValueEncoding } from './value-encoding';

export interface MadeNetworkOptions {
  readonly numVariables: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly encoding: ValueEncoding;
  readonly numParameters: number;
  /**
   * The width of a context.
   * @defaultValue 0
   */
  readonly contextSize?: number;
  readonly activation: Activation;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** A dense network with masks: each hidden unit has a degree m, and sees the variables up to m. */
export class MadeNetwork extends BaseModule implements AutoregressiveNetwork {
  readonly numParameters: number;
  readonly contextSize: number;
  readonly numVariables: number;
  readonly #layers: readonly Dense[];
  readonly #encoding: ValueEncoding;
  readonly #activate: (x: Tensor) => Tensor;

  constructor(options: MadeNetworkOptions) {
    super();
    const { numVariables, hidden, encoding, numParameters, contextSize = 0, activation, key } = options;
    this.numVariables = numVariables;
    this.numParameters = numParameters;
    this.contextSize = contextSize;
    this.#encoding = encoding;
    this.#activate = activationFunction(activation);
    const sizes = { features: encoding.features, contextSize, hidden, numParameters };
    const degrees = madeDegrees(sizes, Array.from(rasterOrder([numVariables])));
    this.#layers = degrees.slice(1).map((outputs, index) => {
      const inputs = degrees[index]!;
      const weight = maskedWeight(madeMask(inputs, outputs));
      const layer = { inputs: inputs.length, outputs: outputs.length, weight, key: key.fold(index) };
      return this.child(String(index), new Dense(layer));
    });
  }

  conditionals(x: Tensor, { context }: CallOptions = {}): Tensor {
    const n = x.shape[0]!;
    checkContext('MadeNetwork.conditionals', context, { rows: n, contextSize: this.contextSize });
    return tf.tidy(() => {
      const values = tf.reshape(this.#encoding.encode(x), [n, this.numVariables * this.#encoding.features]);
      const input = context === undefined ? values : tf.concat([values, context], 1);
      const parameters = this.#layers.reduce(
        (h, layer, index) => layer.apply(index === 0 ? h : this.#activate(h)),
        input,
      );
      return tf.reshape(parameters, [n, this.numVariables, this.numParameters]);
    });
  }
}
