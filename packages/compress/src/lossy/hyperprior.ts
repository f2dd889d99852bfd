import {
  ArgumentError,
  asLayer,
  BaseModule,
  checkGiven,
  checkInteger,
  checkOptions,
  checkShape,
  childCall,
} from '@dgm/core';
import type { CallOptions, Layer, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { LogisticCode, numParameters, startOf } from './code-distribution';
import type { CodeSize } from './code-distribution';
import type { CodeDistribution, EntropyModel } from './entropy-model';

export interface HyperpriorEntropyOptions {
  /** The number of entries of a code. */
  readonly size: number;
  /** Maps a code, `[n, size]`, to its side information, `[n, side.size]`: $h_a$ of the paper. */
  readonly encoder: NetworkLike;
  /**
   * Maps rounded side information to the parameters of the code's distributions: $h_s$. Log-weights, means and log-scales,
   * `[n, 3 * size * components]`.
   */
  readonly decoder: NetworkLike;
  /** The entropy model of the side information, for example {@link factorizedEntropy}. */
  readonly side: EntropyModel;
  /**
   * How many logistic distributions each entry mixes.
   * @defaultValue 1
   */
  readonly components?: number;
}

/**
 * A mean-and-scale hyperprior: some numbers of side information are coded first, and tell the means and scales of all entries of
 * the code.
 * @throws ArgumentError if an option is missing, or the sizes are not positive integers
 * @see Variational image compression with a scale hyperprior (Ballé et al., 2018). Joint Autoregressive and Hierarchical Priors
 * for Learned Image Compression (Minnen, Ballé and Toderici, 2018), for the means
 *
 * @example
 * ```ts
 * const entropyModel = hyperpriorEntropy({
 *   size: 8,
 *   encoder: mlp([8, 16, 2], { key: key.fold('side encoder') }),
 *   decoder: mlp([2, 16, 3 * 8], { key: key.fold('side decoder') }), // log-weights, means, log-scales
 *   side: factorizedEntropy({ size: 2 }),
 * });
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel,
 *   beta: 0.1,
 *   range: [0, 16],
 * });
 * ```
 */
export function hyperpriorEntropy(options: HyperpriorEntropyOptions): EntropyModel {
  return record(new HyperpriorEntropy(options), 'hyperpriorEntropy', arguments);
}

class HyperpriorEntropy extends BaseModule implements EntropyModel {
  readonly size: number;
  readonly rates: number;
  readonly parts: readonly number[];
  readonly #encoder: Layer;
  readonly #decoder: Layer;
  readonly #side: EntropyModel;
  readonly #codeSize: CodeSize;

  constructor(options: HyperpriorEntropyOptions) {
    super();
    const where = 'hyperpriorEntropy';
    checkOptions(where, options, ['size', 'encoder', 'decoder', 'side', 'components']);
    const { size, encoder, decoder, side, components = 1 } = options;
    checkInteger(where, 'size', size);
    checkInteger(where, 'components', components);
    checkGiven(where, 'side', side, 'to be an entropy model such as factorizedEntropy()');
    if (side.quantize !== undefined) {
      throw new ArgumentError({
        ...{ where, argument: 'side', expected: 'to be of integers', actual: 'a codebook of vectors' },
      });
    }
    this.size = size;
    this.rates = side.rates;
    this.parts = [...side.parts, size];
    this.#codeSize = { entries: size, components };
    this.#encoder = this.child('encoder', asLayer(encoder));
    this.#decoder = this.child('decoder', asLayer(decoder));
    this.#side = this.child('side', side);
  }

  split(y: Tensor, call: CallOptions): readonly Tensor[] {
    const side = this.#encoder.apply(y, childCall(call, 'encoder'));
    checkShape('hyperpriorEntropy', "the encoder's output", side, ['n', this.#side.size]);
    return [...this.#side.split(side, childCall(call, 'side')), y];
  }

  join(parts: readonly Tensor[]): Tensor {
    return parts.at(-1)!;
  }

  given(before: readonly Tensor[], call: CallOptions): CodeDistribution {
    if (before.length < this.#side.parts.length) return this.#side.given(before, childCall(call, 'side'));
    const side = this.#side.join(before);
    return distributionOf(
      'hyperpriorEntropy',
      this.#decoder.apply(side, childCall(call, 'decoder')),
      this.#codeSize,
    );
  }
}

/** The distribution of a network's output, which is relative to a broad start. */
export function distributionOf(where: string, output: Tensor, size: CodeSize): LogisticCode {
  checkShape(where, "the decoder's output", output, ['n', numParameters(size)]);
  return new LogisticCode(tf.add(output, tf.reshape(startOf(size), [1, -1])), size);
}
