import { activationFunction, BaseModule, Dense, madeMaskBetween } from '@dgm/core';
import type { Activation, Key, MadeSizes } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ValueEncoding } from './value-encoding';

export interface ReconnectedMadeOptions {
  readonly sizes: MadeSizes & { readonly numVariables: number };
  readonly encoding: ValueEncoding;
  readonly activation: Activation;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** The weights of a MADE without its masks: which units are connected is an argument of each call. */
export class ReconnectedMade extends BaseModule {
  readonly #sizes: ReconnectedMadeOptions['sizes'];
  readonly #layers: readonly Dense[];
  readonly #encoding: ValueEncoding;
  readonly #activate: (x: Tensor) => Tensor;

  constructor({ sizes, encoding, activation, key }: ReconnectedMadeOptions) {
    super();
    const { numVariables, features, contextSize, hidden, numParameters } = sizes;
    this.#sizes = sizes;
    this.#encoding = encoding;
    this.#activate = activationFunction(activation);
    const units = [numVariables * features + contextSize, ...hidden, numVariables * numParameters];
    this.#layers = units.slice(1).map((outputs, index) => {
      const layer = { inputs: units[index]!, outputs, key: key.fold(index) };
      return this.child(String(index), new Dense(layer));
    });
  }

  /**
   * The parameters of all conditionals, `[n, D, numParameters]`.
   * @param x - `[n, D]`, the entries as they lie
   * @param degrees - of the units of each layer
   */
  conditionals(x: Tensor, degrees: readonly Tensor[], context: Tensor | undefined): Tensor {
    const { numVariables, features, numParameters } = this.#sizes;
    const n = x.shape[0]!;
    return tf.tidy(() => {
      const values = tf.reshape(this.#encoding.encode(x), [n, numVariables * features]);
      let h = context === undefined ? values : tf.concat([values, context], 1);
      this.#layers.forEach(({ kernel, bias }, index) => {
        const mask = madeMaskBetween(degrees[index]!, degrees[index + 1]!);
        const y = tf.add(tf.matMul(h, tf.mul(kernel as Tensor, mask)), bias!);
        h = index === this.#layers.length - 1 ? y : this.#activate(y);
      });
      return tf.reshape(h, [n, numVariables, numParameters]);
    });
  }
}
