import type { CallOptions, Module } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { CodeDistribution } from './code-distribution';

/**
 * A distribution of codes, in parts that are coded one after the other: each part's distribution may depend on the parts before. A
 * factorized model has one part; a hyperprior codes side information first; an autoregressive one cuts the code into
 * parts.
 *
 * Where a compressor has several rates, `call.context` holds the weight of each, `[n, rates]`.
 */
export interface EntropyModel extends Module {
  /** The number of entries of a code. */
  readonly size: number;
  /** The number of rates of the compressor that it is for. */
  readonly rates: number;
  /** The number of entries of each part, in the order of coding. */
  readonly parts: readonly number[];
  /** The parts of a code before they are rounded, `[n, parts[k]]` each. Called inside `tf.tidy`. */
  split(y: Tensor, call: CallOptions): readonly Tensor[];
  /** The code of its parts, `[n, size]`. Called inside `tf.tidy`. */
  join(parts: readonly Tensor[]): Tensor;
  /**
   * The distribution of the next part. It borrows tensors that are made here: call it inside `tf.tidy`.
   * @param before - the parts before it, rounded or relaxed
   */
  given(before: readonly Tensor[], call: CallOptions): CodeDistribution;
}
