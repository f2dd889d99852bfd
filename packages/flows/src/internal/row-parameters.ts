import { BaseModule, Dense } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { FlowCall } from '../flow-layer';

interface RowParametersOptions {
  /** How many numbers a row has. */
  readonly size: number;
  readonly key: Key;
  /** The standard deviation of the initial numbers. */
  readonly std: number;
  /** The length of the context, if the numbers depend on one. */
  readonly context?: number | undefined;
}

/** Numbers that a flow layer needs for each event: learned, and moved by a linear map of the context if there is one. */
export class RowParameters extends BaseModule {
  readonly #values: Variable;
  readonly #network: Dense | undefined;

  constructor({ size, key, std, context }: RowParametersOptions) {
    super();
    const initial = tf.tidy(() => tf.mul(std, key.fold('values').normal([1, size])));
    this.#values = this.parameter('values', initial);
    this.#network =
      context === undefined
        ? undefined
        : this.child('network', new Dense({ inputs: context, outputs: size, key: key.fold('network') }));
  }

  /** `[n, size]`. */
  rows(n: number, { context }: FlowCall): Tensor {
    const learned = tf.tile(this.#values, [n, 1]);
    if (this.#network === undefined || context === undefined) return learned;
    return tf.add(learned, this.#network.apply(context));
  }
}
