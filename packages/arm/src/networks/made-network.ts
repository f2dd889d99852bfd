import { activationFunction, BaseModule, Dense, masked } from '@dgm/core';
import type { Activation, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkContext } from '../model/check-context';
import type { AutoregressiveNetwork, NetworkCall } from '../model/network';
import type { ValueEncoding } from './value-encoding';

export interface MadeNetworkOptions {
  readonly numVariables: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly encoding: ValueEncoding;
  readonly numParameters: number;
  /** The size of the context; 0 unless given. */
  readonly contextSize?: number;
  readonly activation: Activation;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** The place in the order that comes before all variables: that of the context and of what sees nothing else. */
const CONTEXT = -1;

/**
 * A dense network with masks: each hidden unit has a degree m and sees the variables up to m, and what is put out for
 * variable d sees hidden units of degrees below d.
 */
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
    const input = [
      ...repeated(numVariables, encoding.features),
      ...new Array<number>(contextSize).fill(CONTEXT),
    ];
    // Units of a degree for each place that something later can use.
    const lowest = contextSize > 0 || numVariables === 1 ? CONTEXT : 0;
    const places = numVariables - 1 - lowest;
    const between = hidden.map((units) =>
      Array.from({ length: units }, (_, unit) => lowest + (unit % places)),
    );
    const degrees = [input, ...between, repeated(numVariables, numParameters)];
    this.#layers = degrees.slice(1).map((outputs, index) => {
      const isLast = index === hidden.length;
      const mask = maskOf(
        degrees[index]!,
        outputs,
        isLast ? (from, to) => from < to : (from, to) => from <= to,
      );
      const sizes = { inputs: degrees[index]!.length, outputs: outputs.length };
      return this.child(String(index), new Dense({ ...sizes, weight: masked(mask), key: key.fold(index) }));
    });
  }

  conditionals(x: Tensor, { context }: NetworkCall = {}): Tensor {
    const n = x.shape[0]!;
    checkContext('MadeNetwork.conditionals', context, n, this.contextSize);
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

/** Each of 0 to `count` - 1, `times` times in a row. */
function repeated(count: number, times: number): number[] {
  return Array.from({ length: count * times }, (_, index) => Math.floor(index / times));
}

/** 1 where an input may reach an output, for a kernel `[inputs, outputs]`. */
function maskOf(
  inputs: readonly number[],
  outputs: readonly number[],
  mayReach: (from: number, to: number) => boolean,
): Float32Array {
  return Float32Array.from(inputs.flatMap((from) => outputs.map((to) => (mayReach(from, to) ? 1 : 0))));
}
