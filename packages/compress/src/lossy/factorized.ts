import { BaseModule, checkInteger, checkOptions } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { LogisticCode, numParameters, startOf } from './code-distribution';
import type { CodeSize } from './code-distribution';
import type { EntropyModel } from './entropy-model';

export interface FactorizedEntropyOptions {
  /** The number of entries of a code. */
  readonly size: number;
  /**
   * The size of the code's last axis: entries of one channel have one distribution.
   * @defaultValue `size`, a distribution for each entry
   */
  readonly channels?: number;
  /**
   * How many logistic distributions each distribution mixes.
   * @defaultValue 3
   */
  readonly components?: number;
  /**
   * The number of rates of the compressor, each with distributions of its own.
   * @defaultValue 1
   */
  readonly rates?: number;
}

/**
 * Independent entries with learned distributions: the entropy model of a first codec, and that of side information.
 * @throws ArgumentError if the sizes are not positive integers, or `channels` does not divide `size`
 * @see Variational image compression with a scale hyperprior (Ballé et al., 2018), App. 6.1
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: factorizedEntropy({ size: 8 }),
 *   beta: 0.1,
 *   range: [0, 16],
 * });
 * ```
 */
export function factorizedEntropy(options: FactorizedEntropyOptions): EntropyModel {
  return record(new FactorizedEntropy(options), 'factorizedEntropy', arguments);
}

class FactorizedEntropy extends BaseModule implements EntropyModel {
  readonly size: number;
  readonly rates: number;
  readonly parts: readonly number[];
  readonly #channels: number;
  readonly #components: number;
  readonly #table: LearnedTable;

  constructor(options: FactorizedEntropyOptions) {
    super();
    const where = 'factorizedEntropy';
    checkOptions(where, options, ['size', 'channels', 'components', 'rates']);
    const { size, channels = size, components = 3, rates = 1 } = options;
    checkInteger(where, 'size', size);
    checkInteger(where, 'channels', channels);
    checkInteger(where, 'size / channels', size / channels);
    checkInteger(where, 'components', components);
    checkInteger(where, 'rates', rates);
    this.size = size;
    this.rates = rates;
    this.parts = [size];
    this.#channels = channels;
    this.#components = components;
    this.#table = this.child('table', new LearnedTable({ entries: channels, components }, rates));
  }

  split(y: Tensor): readonly Tensor[] {
    return [y];
  }

  join([code]: readonly Tensor[]): Tensor {
    return code!;
  }

  given(_before: readonly Tensor[], call: CallOptions): LogisticCode {
    const [entries, components] = [this.size, this.#components];
    const ofChannels = this.#table.of(call);
    const n = ofChannels.shape[0]!;
    const repeats = entries / this.#channels;
    const parameters = tf.tile(tf.reshape(ofChannels, [n, 3, 1, this.#channels * components]), [
      1,
      1,
      repeats,
      1,
    ]);
    return new LogisticCode(tf.reshape(parameters, [n, numParameters({ entries, components })]), {
      entries,
      components,
    });
  }
}

/** Parameters of distributions, for each rate a row. */
export class LearnedTable extends BaseModule {
  readonly #rows: Variable;

  constructor(size: CodeSize, rates: number) {
    super();
    this.#rows = this.parameter(
      'parameters',
      tf.tidy(() => tf.tile(tf.reshape(startOf(size), [1, -1]), [rates, 1])),
    );
  }

  /** `[n, parameters]` by the weights of the rates, or the only row. */
  of({ context }: CallOptions): Tensor {
    return context === undefined ? this.#rows : tf.matMul(context, this.#rows);
  }
}
