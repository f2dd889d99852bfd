import { BaseModule, checkContext, Dense } from '@dgm/core';
import type { CallOptions, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';

interface RowParametersOptions {
  /** The number of values in a row. */
  readonly size: number;
  readonly key: Key;
  /** The standard deviation of the initial numbers. */
  readonly std: number;
  /** The width of the context; 0 if the values depend on none. */
  readonly contextSize: number;
}

/** The parameters of a flow layer for each event: learned values, plus a linear map of the context if there is one. */
export class RowParameters extends BaseModule {
  readonly #values: Variable;
  readonly #contextSize: number;
  readonly #network: Dense | undefined;

  constructor({ size, key, std, contextSize }: RowParametersOptions) {
    super();
    const initial = tf.tidy(() => tf.mul(std, key.fold('values').normal([1, size])));
    this.#values = this.parameter('values', initial);
    this.#network =
      contextSize === 0
        ? undefined
        : this.child('network', new Dense({ inputs: contextSize, outputs: size, key: key.fold('network') }));
    this.#contextSize = contextSize;
  }

  /** `[n, size]`. */
  rows(n: number, { context }: CallOptions): Tensor {
    const learned = tf.tile(this.#values, [n, 1]);
    if (this.#network === undefined) return learned;
    checkContext('FlowLayer', context, { rows: n, contextSize: this.#contextSize });
    return tf.add(learned, this.#network.apply(context!));
  }
}
