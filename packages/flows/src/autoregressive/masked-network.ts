import {
  activationFunction,
  BaseLayer,
  checkInteger,
  checkKey,
  checkOptions,
  checkThat,
  childCall,
  Dense,
  Dropout,
  madeDegrees,
  madeMask,
  maskedWeight,
} from '@dgm/core';
import type { Activation, CallOptions, Key, Layer } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

export interface MaskedNetworkOptions {
  /**
   * The group of each element of an event, from 0 to G - 1. The output for an element depends on elements of earlier
   * groups only. `[0, 1, 2, 3]` is the natural order, one element at a time.
   */
  readonly groups: readonly number[];
  /** The number of outputs per element. */
  readonly numParameters: number;
  /**
   * Hidden units of each layer.
   * @defaultValue `[256, 256]`
   */
  readonly hidden?: readonly number[];
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** @defaultValue `relu` */
  readonly activation?: Activation;
  /**
   * The width of the context, which every output may depend on.
   * @defaultValue 0
   */
  readonly contextSize?: number;
  /**
   * The fraction of hidden units that dropout sets to 0 in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
}

const OPTIONS: readonly (keyof MaskedNetworkOptions)[] = [
  'groups',
  'numParameters',
  'hidden',
  'key',
  'activation',
  'contextSize',
  'dropout',
];

/**
 * A multilayer perceptron with masked weights. In one pass it computes, for each element, outputs that depend on
 * earlier elements only. From `[n, D]`, or `[n, D + contextSize]`, to `[n, D * numParameters]`, those of one element
 * side by side.
 *
 * The masks are exact: the gradient by an entry that is masked out is exactly 0.
 * @throws ArgumentError if the groups are not numbered from 0 without a gap
 * @see MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), Eq. 12, 13
 *
 * @example
 * ```ts
 * const network = maskedNetwork({ groups: [0, 1, 2, 3], numParameters: 2, hidden: [64], key });
 * network.apply(tf.ones([10, 4])); // [10, 8]: numbers 2 d and 2 d + 1 depend on elements before d
 * ```
 */
export function maskedNetwork(options: MaskedNetworkOptions): Layer {
  return record(new MaskedNetwork(options), 'maskedNetwork', arguments);
}

class MaskedNetwork extends BaseLayer {
  readonly groups: readonly number[];
  readonly #layers: readonly Layer[];
  readonly #dropout: Dropout | undefined;
  readonly #activate: (x: Tensor) => Tensor;

  constructor(options: MaskedNetworkOptions) {
    super();
    const { groups, numParameters, hidden = [256, 256], key, activation = 'relu' } = options;
    const { contextSize = 0, dropout = 0 } = options;
    checkOptions('maskedNetwork', options, OPTIONS);
    checkKey('maskedNetwork', key);
    countGroups(groups);
    checkInteger('maskedNetwork', 'numParameters', numParameters);
    checkInteger('maskedNetwork', 'contextSize', contextSize, { min: 0 });
    hidden.forEach((units) => checkInteger('maskedNetwork', 'hidden', units));
    this.groups = groups;
    this.#activate = activationFunction(activation);
    this.#dropout = dropout === 0 ? undefined : new Dropout({ rate: dropout });
    const degrees = madeDegrees({ features: 1, contextSize, hidden, numParameters }, groups);
    this.#layers = degrees.slice(1).map((outputs, index) => {
      const inputs = degrees[index]!;
      const weight = maskedWeight(madeMask(inputs, outputs));
      const sizes = { inputs: inputs.length, outputs: outputs.length };
      return this.child(String(index), new Dense({ ...sizes, key: key.fold(index), weight }));
    });
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.#layers.reduce((input, layer, index) => {
      if (index === 0) return layer.apply(input);
      const hidden = this.#activate(input);
      return layer.apply(this.#dropout?.apply(hidden, childCall(call, index)) ?? hidden);
    }, x);
  }
}

/** The number of groups. */
export function countGroups(groups: readonly number[]): number {
  const count = Math.max(-1, ...groups) + 1;
  checkThat(
    'maskedNetwork',
    'groups',
    count > 0 &&
      Array.from({ length: count }, (_, group) => groups.includes(group)).every(Boolean) &&
      groups.every(Number.isInteger),
    { expected: 'to hold the numbers from 0 up without a gap', actual: `[${groups.join(', ')}]` },
  );
  return count;
}
