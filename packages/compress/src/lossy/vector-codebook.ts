import {
  BaseModule,
  Categorical,
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  codeVectors,
  nearestCodes,
  stopGradient,
  straightThrough,
} from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { CodeDistribution, EntropyModel, QuantizedCode } from './entropy-model';

export interface VectorCodebookOptions {
  /** How many vectors a code has: each becomes one index. */
  readonly positions: number;
  /** How many vectors the codebook has. */
  readonly codes: number;
  /** The size of a vector. A code has `positions * dims` entries. */
  readonly dims: number;
  /**
   * The weight of what draws the encoder's vectors to those of the codebook.
   * @defaultValue 0.25
   */
  readonly commitment?: number;
  /** Randomness for the initial codebook. */
  readonly key: Key;
}

/**
 * A codebook of vectors with a learned distribution of their indices. Each of the encoder's vectors $e$ is replaced by the nearest
 * vector $v_c$ of the codebook, and a file has the indices c, which are independent with learned probabilities for each position.
 *
 * Training passes the gradient from $v_c$ to e unchanged, and adds
 *
 * $$\|\mathrm{sg}[e] - v_c\|^2 + \gamma \|e - \mathrm{sg}[v_c]\|^2$$
 *
 * to the loss, summed over positions, with $\gamma$ the commitment. It takes the place of both an entropy model and a quantizer. The
 * rate has no gradient in the encoder: `positions` and `codes` limit it, to $\text{positions} \cdot \log_2 \text{codes}$ bits.
 * Vectors start with a length of about 1.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @see Neural Discrete Representation Learning (van den Oord et al., 2017), Eq. 1-3
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 4 * 2], { key: key.fold('encoder') }),
 *   decoder: mlp([4 * 2, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: vectorCodebook({ positions: 4, codes: 16, dims: 2, key: key.fold('codebook') }),
 *   range: [0, 16],
 * });
 * ```
 */
export function vectorCodebook(options: VectorCodebookOptions): EntropyModel {
  return record(new VectorCodebook(options), 'vectorCodebook', arguments);
}

class VectorCodebook extends BaseModule implements EntropyModel {
  readonly size: number;
  readonly rates = 1;
  readonly parts: readonly number[];
  readonly levels: number;
  readonly #dims: number;
  readonly #commitment: number;
  /** `[codes, dims]` */
  readonly #codebook: Variable;
  /** `[positions, codes]` */
  readonly #logits: Variable;

  constructor(options: VectorCodebookOptions) {
    super();
    const where = 'vectorCodebook';
    checkOptions(where, options, ['positions', 'codes', 'dims', 'commitment', 'key']);
    const { positions, codes, dims, commitment = 0.25, key } = options;
    checkInteger(where, 'positions', positions);
    checkInteger(where, 'codes', codes, { min: 2 });
    checkInteger(where, 'dims', dims);
    checkNumber(where, 'commitment', commitment, { min: 0 });
    checkKey(where, key);
    this.size = positions * dims;
    this.parts = [positions];
    this.levels = codes;
    this.#dims = dims;
    this.#commitment = commitment;
    this.#codebook = this.parameter(
      'codebook',
      tf.tidy(() => tf.div(key.normal([codes, dims]), Math.sqrt(dims))),
    );
    this.#logits = this.parameter('logits', tf.zeros([positions, codes]));
  }

  split(y: Tensor): readonly Tensor[] {
    return [nearestCodes(this.#vectors(y), this.#codebook)];
  }

  join([codes]: readonly Tensor[]): Tensor {
    return tf.reshape(codeVectors(codes!, this.#codebook), [-1, this.size]);
  }

  quantize(y: Tensor): QuantizedCode {
    const parts = this.split(y);
    const chosen = this.join(parts);
    const codebook = squaredDistance(stopGradient(y), chosen);
    const commitment = squaredDistance(y, stopGradient(chosen));
    return {
      parts,
      decoded: straightThrough(y, () => tf.clone(chosen)),
      penalty: tf.add(codebook, tf.mul(this.#commitment, commitment)),
    };
  }

  given(): CodeDistribution {
    const indices = new Categorical(this.#logits);
    return {
      logProb: (codes) => indices.logProb(codes),
      sample: (key, n) => indices.sample(key, [n]),
    };
  }

  #vectors(y: Tensor): Tensor {
    return tf.reshape(y, [-1, this.parts[0]!, this.#dims]);
  }
}

/** The mean over rows. */
function squaredDistance(a: Tensor, b: Tensor): Scalar {
  return tf.div(tf.sum(tf.squaredDifference(a, b)), a.shape[0]!);
}
