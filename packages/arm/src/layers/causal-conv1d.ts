import {
  BaseLayer,
  type CallOptions,
  checkShape,
  Conv1d,
  type Key,
  type Step,
  type StepLayer,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

export interface CausalConv1dOptions {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  readonly kernelSize: number;
  /**
   * Distance between the taps of the kernel.
   * @defaultValue 1
   */
  readonly dilation?: number;
  /**
   * `A` - an output sees the positions before its own; `B` - also its own.
   * @defaultValue 'B'
   */
  readonly option?: 'A' | 'B';
  /** @defaultValue true */
  readonly bias?: boolean;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** The inputs that the next output may still need, `[n, reach, inputs]`. */
export type ConvWindow = { readonly window: Tensor };

/**
 * A causal convolution of sequences `[n, length, inputs]`, with zeros before the start:
 * $y_t = b + \sum_{a=0}^{k-1} K_a\, x_{t - \delta (k - 1 - a) - [\text{A}]}$ for kernel size k and dilation $\delta$.
 *
 * Stepped, it keeps a window of inputs: a step costs the same at every position.
 * @see DGM §2.2.3, Listing 2.1. WaveNet (van den Oord et al., 2016)
 *
 * @example
 * ```ts
 * const layer = new CausalConv1d({ inputs: 8, outputs: 16, kernelSize: 3, dilation: 2, key });
 * layer.apply(tf.zeros([4, 10, 8])); // [4, 10, 16]
 * ```
 */
export class CausalConv1d extends BaseLayer implements StepLayer<ConvWindow> {
  readonly option: 'A' | 'B';
  readonly #convolution: Conv1d;
  /** Positions of the taps within the window. */
  readonly #taps: readonly number[];

  constructor({ option = 'B', dilation = 1, ...options }: CausalConv1dOptions) {
    super();
    record(this, 'CausalConv1d', arguments);
    this.option = option;
    this.#convolution = this.child('conv', new Conv1d({ ...options, dilation, padding: 'causal' }));
    this.#taps = Array.from({ length: options.kernelSize }, (_, index) => index * dilation);
  }

  initialState(n: number): ConvWindow {
    const reach = this.#taps.at(-1)! + (this.option === 'A' ? 1 : 0);
    return { window: tf.zeros([n, reach, this.#convolution.inputs]) };
  }

  step(x: Tensor, { window }: ConvWindow, call: CallOptions = {}): Step<ConvWindow> {
    const { inputs, outputs, kernel, bias } = this.#convolution;
    const n = window.shape[0]!;
    checkShape('CausalConv1d.step', 'x', x, [n, inputs]);
    return tf.tidy(() => {
      const seen = tf.concat([window, tf.expandDims(x, 1)], 1);
      const columns = tf.reshape(this.#underTaps(seen), [n, this.#taps.length * inputs]);
      const weights = 'value' in kernel ? kernel.value(call) : kernel;
      const product = tf.matMul(columns, tf.reshape(weights, [this.#taps.length * inputs, outputs]));
      return {
        output: bias === undefined ? product : tf.add(product, bias),
        state: { window: tf.slice(seen, [0, 1, 0]) },
      };
    });
  }

  protected override validate(x: Tensor): void {
    checkShape('CausalConv1d.apply', 'x', x, ['n', 'length', this.#convolution.inputs]);
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.#convolution.apply(this.option === 'A' ? shiftRight(x) : x, call);
  }

  /** The inputs that the kernel meets; with option A the newest is beyond its last tap. */
  #underTaps(seen: Tensor): Tensor {
    const last = this.#taps.at(-1)!;
    if (last + 1 === this.#taps.length) return tf.slice(seen, [0, 0, 0], [-1, this.#taps.length, -1]);
    return tf.gather(seen, tf.tensor1d([...this.#taps], 'int32'), 1);
  }
}

/** A sequence `[n, length, features]` one position later, with zeros at the first and without the last. */
export function shiftRight(x: Tensor): Tensor {
  const [n, length, features] = x.shape as [number, number, number];
  return tf.concat([tf.zeros([n, 1, features]), tf.slice(x, [0, 0, 0], [n, length - 1, features])], 1);
}
