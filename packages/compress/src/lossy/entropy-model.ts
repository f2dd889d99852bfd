import type { CallOptions, Key, Module } from '@dgm/core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** The distribution of the entries of a part. It borrows its tensors. */
export interface CodeDistribution {
  /**
   * In nats, for each entry.
   * @param y - `[..., entries]`, of a shape that broadcasts with `[n, entries]`
   */
  logProb(y: Tensor): Tensor;
  /** Integers, `[n, entries]`. */
  sample(key: Key, n: number): Tensor;
}

/** A code as training sees it. */
export interface QuantizedCode {
  /** Its parts as the entropy model measures them. */
  readonly parts: readonly Tensor[];
  /** The code that the decoder gets, `[n, size]`. */
  readonly decoded: Tensor;
  /** What the loss gets besides distortion and rate. */
  readonly penalty?: Scalar;
}

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
  /** How many values an entry of a part takes, from 0 up; absent where it may be any integer. */
  readonly levels?: number;
  /** The parts of a code before they are rounded, `[n, parts[k]]` each. Called inside `tf.tidy`. */
  split(y: Tensor, call: CallOptions): readonly Tensor[];
  /** The code of its parts, `[n, size]`. Called inside `tf.tidy`. */
  join(parts: readonly Tensor[]): Tensor;
  /**
   * The distribution of the next part. It borrows tensors that are made here: call it inside `tf.tidy`.
   * @param before - the parts before it, rounded or relaxed
   */
  given(before: readonly Tensor[], call: CallOptions): CodeDistribution;
  /** Quantizes a code, `[n, size]`, where that is no rounding of its parts. Called inside `tf.tidy`. */
  quantize?(y: Tensor): QuantizedCode;
}
