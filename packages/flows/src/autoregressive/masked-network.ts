import { activationFunction, ArgumentError, BaseLayer, childCall, Dense, Dropout, masked } from '@dgm/core';
import type { Activation, CallOptions, Key, Layer } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

export interface MaskedNetworkOptions {
  /**
   * For each element of an event the group that it belongs to, 0 to G - 1: what is put out for an element depends on the
   * elements of earlier groups only. `[0, 1, 2, 3]` is the natural order, one element at a time.
   */
  readonly groups: readonly number[];
  /** How many numbers are put out for each element. */
  readonly numParameters: number;
  /** Hidden units of each layer; `[256, 256]` unless given. */
  readonly hidden?: readonly number[];
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** `relu` unless given. */
  readonly activation?: Activation;
  /**
   * The width of the context, which every output may depend on.
   * @defaultValue 0
   */
  readonly contextSize?: number;
  /** The share of hidden units that are left out in training; 0 unless given. */
  readonly dropout?: number;
}

/**
 * A multilayer perceptron with masked weights: for each element it puts out numbers that depend on earlier elements alone,
 * all in one pass. From `[n, D]`, or `[n, D + contextSize]`, to `[n, D * numParameters]`, those of one element side by side.
 *
 * The masks are exact: an entry that must not be seen has a gradient of exactly 0.
 * @throws ArgumentError if the groups are not numbered from 0 without a gap
 * @see MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), Eq. 12, 13
 */
export function maskedNetwork(options: MaskedNetworkOptions): Layer {
  return new MaskedNetwork(options);
}

class MaskedNetwork extends BaseLayer {
  readonly #layers: readonly Layer[];
  readonly #dropout: Dropout | undefined;
  readonly #activate: (x: Tensor) => Tensor;

  constructor({
    groups,
    numParameters,
    hidden = [256, 256],
    key,
    activation = 'relu',
    contextSize = 0,
    dropout = 0,
  }: MaskedNetworkOptions) {
    super();
    const last = countGroups(groups) - 1;
    this.#activate = activationFunction(activation);
    this.#dropout = dropout === 0 ? undefined : new Dropout({ rate: dropout });
    // What each unit has seen: its own group for an input, all groups up to a number for a hidden unit, nothing but the
    // context for -1. An output must have seen less than its group.
    const inputs = [...groups, ...Array.from({ length: contextSize }, () => -1)];
    const lowest = contextSize > 0 || last === 0 ? -1 : 0;
    const seen = [inputs, ...hidden.map((units) => spread(units, lowest, last - 1))];
    const outputs = groups.flatMap((group) => Array.from({ length: numParameters }, () => group - 1));
    this.#layers = [...seen.slice(1), outputs].map((ends, index) =>
      this.child(
        String(index),
        new Dense({
          inputs: seen[index]!.length,
          outputs: ends.length,
          key: key.fold(index),
          weight: masked(seen[index]!.flatMap((start) => ends.map((end) => (start <= end ? 1 : 0)))),
        }),
      ),
    );
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
  if (count > 0 && Array.from({ length: count }, (_, group) => groups.includes(group)).every(Boolean)) {
    return count;
  }
  throw new ArgumentError({
    where: 'maskedNetwork',
    argument: 'groups',
    expected: 'to hold the numbers from 0 up without a gap',
    actual: `[${groups.join(', ')}]`,
  });
}

/** As many numbers as there are units, from the lowest to the highest and again. */
function spread(units: number, lowest: number, highest: number): number[] {
  const count = Math.max(1, highest - lowest + 1);
  return Array.from({ length: units }, (_, unit) => lowest + (unit % count));
}
