import { asLayer, BaseModule, checkGiven, checkInteger, checkOptions, checkThat, childCall } from '@dgm/core';
import type { CallOptions, Layer, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { LogisticCode } from './code-distribution';
import type { EntropyModel } from './entropy-model';
import { LearnedTable } from './factorized';
import { distributionOf } from './hyperprior';

export interface ChannelConditionalEntropyOptions {
  /** The number of entries of each group, in the order of coding. */
  readonly groups: readonly number[];
  /**
   * For each group after the first a network from all entries before it, `[n, ...]`, to its parameters: log-weights, means and
   * log-scales, `[n, 3 * group * components]`. Where there are several rates, it gets their weights, `[n, rates]`, as further
   * inputs at the end.
   */
  readonly networks: readonly NetworkLike[];
  /**
   * How many logistic distributions each entry mixes.
   * @defaultValue 1
   */
  readonly components?: number;
  /**
   * The number of rates of the compressor.
   * @defaultValue 1
   */
  readonly rates?: number;
}

/**
 * An autoregressive entropy model over groups of entries: the first group has learned distributions, and those of each later
 * group follow from the groups before. With groups of one entry it is autoregressive over entries (DGM Listing 8.4).
 * @throws ArgumentError if there is not one network for each group but the first, or a size is not a positive integer
 * @see Channel-wise autoregressive entropy models for learned image compression (Minnen and Singh, 2020)
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: channelConditionalEntropy({
 *     groups: [4, 4],
 *     networks: [mlp([4, 32, 3 * 4], { key: key.fold('entropy') })], // log-weights, means, log-scales
 *   }),
 *   beta: 0.1,
 *   range: [0, 16],
 * });
 * ```
 */
export function channelConditionalEntropy(options: ChannelConditionalEntropyOptions): EntropyModel {
  return record(new ChannelConditionalEntropy(options), 'channelConditionalEntropy', arguments);
}

class ChannelConditionalEntropy extends BaseModule implements EntropyModel {
  readonly size: number;
  readonly rates: number;
  readonly parts: readonly number[];
  readonly #components: number;
  readonly #first: LearnedTable;
  readonly #networks: readonly Layer[];

  constructor(options: ChannelConditionalEntropyOptions) {
    super();
    const where = 'channelConditionalEntropy';
    checkOptions(where, options, ['groups', 'networks', 'components', 'rates']);
    const { groups, networks, components = 1, rates = 1 } = options;
    checkGiven(where, 'groups', groups, 'to be a list of sizes');
    checkGiven(where, 'networks', networks, 'to be a list of networks');
    groups.forEach((group, index) => checkInteger(where, `groups[${index}]`, group));
    checkInteger(where, 'components', components);
    checkInteger(where, 'rates', rates);
    checkThat(where, 'networks', groups.length !== 0 && networks.length === groups.length - 1, {
      expected: 'to be one for each group but the first',
      actual: `${networks.length} for ${groups.length} groups`,
    });
    this.parts = [...groups];
    this.size = groups.reduce((sum, group) => sum + group, 0);
    this.rates = rates;
    this.#components = components;
    this.#first = this.child('first', new LearnedTable({ entries: groups[0]!, components }, rates));
    this.#networks = networks.map((network, index) => this.child(String(index + 1), asLayer(network)));
  }

  split(y: Tensor): readonly Tensor[] {
    return this.parts.length === 1 ? [y] : tf.split(y, [...this.parts], 1);
  }

  join(parts: readonly Tensor[]): Tensor {
    return parts.length === 1 ? parts[0]! : tf.concat([...parts], 1);
  }

  given(before: readonly Tensor[], call: CallOptions): LogisticCode {
    const at = before.length;
    const size = { entries: this.parts[at]!, components: this.#components };
    if (at === 0) return new LogisticCode(this.#first.of(call), size);
    const known = [...before, ...(call.context === undefined ? [] : [call.context])];
    const input = known.length === 1 ? known[0]! : tf.concat(known, 1);
    return distributionOf(
      'channelConditionalEntropy',
      this.#networks[at - 1]!.apply(input, childCall(call, at)),
      size,
    );
  }
}
