import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, checkOptions, checkThat } from '../check/check';
import { record } from '../construction/record';
import { checkKey, type Key } from '../random/key';
import { leadingShape, sizeOf } from '../shape/shape';
import { BaseLayer } from './layer';

export interface SinusoidalEmbeddingOptions {
  /** The size of an embedding, an even number. */
  readonly features: number;
  /** Multiplies the times first: 1000 takes times in [0, 1] to the range of step numbers. @defaultValue 1 */
  readonly scale?: number;
  /** The longest period is $2\pi$ times this. @defaultValue 10000 */
  readonly maxPeriod?: number;
}

/**
 * The sinusoidal embedding of times or positions, without parameters: maps `[...]` to `[..., features]`,
 *
 * $$e(t) = [\cos(\omega_0 t), \ldots, \cos(\omega_{h-1} t), \sin(\omega_0 t), \ldots, \sin(\omega_{h-1} t)],
 *   \quad \omega_i = \text{scale} \cdot \text{maxPeriod}^{-i/h}, \quad h = \text{features} / 2$$
 *
 * @see Attention Is All You Need (Vaswani et al., 2017), §3.5; in the order of Diffusion Models Beat GANs on Image
 * Synthesis (Dhariwal and Nichol, 2021)
 *
 * @example
 * ```ts
 * const layer = new SinusoidalEmbedding({ features: 32, scale: 1000 }); // of times in [0, 1]
 * layer.apply(tf.tensor2d([[0.1], [0.9]])); // [2, 32]
 * ```
 */
export class SinusoidalEmbedding extends BaseLayer {
  readonly features: number;
  readonly #frequencies: readonly number[];

  constructor({ features, scale = 1, maxPeriod = 10_000, ...unknown }: SinusoidalEmbeddingOptions) {
    const where = 'SinusoidalEmbedding';
    super();
    record(this, 'SinusoidalEmbedding', arguments);
    checkOptions(where, unknown, ['features', 'scale', 'maxPeriod']);
    checkEven(where, features);
    checkNumber(where, 'scale', scale, { above: 0 });
    checkNumber(where, 'maxPeriod', maxPeriod, { above: 0 });
    const half = features / 2;
    this.features = features;
    this.#frequencies = Array.from({ length: half }, (_, i) => scale * maxPeriod ** (-i / half));
  }

  protected forward(t: Tensor): Tensor {
    const angles = tf.mul(tf.expandDims(t, -1), tf.tensor1d([...this.#frequencies]));
    return tf.concat([tf.cos(angles), tf.sin(angles)], -1);
  }
}

export interface FourierFeaturesOptions {
  /** The size of the last axis of the input. */
  readonly inputs: number;
  /** The size of the output, an even number. */
  readonly features: number;
  /** Standard deviation of the frequencies. @defaultValue 1 */
  readonly scale?: number;
  /** Whether the frequencies are learned; otherwise they stay as drawn. @defaultValue false */
  readonly learned?: boolean;
  /** Randomness for the frequencies. */
  readonly key: Key;
}

/**
 * Random Fourier features: maps `[..., inputs]` to `[..., features]`,
 * $y = [\cos(2 \pi x B), \sin(2 \pi x B)]$ with frequencies $B_{ij} \sim \mathcal N(0, \text{scale}^2)$.
 * @see Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains (Tancik et al., 2020), Eq. 5
 *
 * @example
 * ```ts
 * const layer = new FourierFeatures({ inputs: 2, features: 64, scale: 4, key });
 * layer.apply(tf.zeros([4, 2])); // [4, 64]
 * ```
 */
export class FourierFeatures extends BaseLayer {
  readonly inputs: number;
  readonly features: number;
  /** $B$, `[inputs, features / 2]` */
  readonly frequencies: Variable;

  constructor({ inputs, features, scale = 1, learned = false, key, ...unknown }: FourierFeaturesOptions) {
    const where = 'FourierFeatures';
    super();
    record(this, 'FourierFeatures', arguments);
    checkOptions(where, unknown, ['inputs', 'features', 'scale', 'learned', 'key']);
    checkInteger(where, 'inputs', inputs);
    checkEven(where, features);
    checkNumber(where, 'scale', scale, { above: 0 });
    checkKey(where, key);
    this.inputs = inputs;
    this.features = features;
    const initial = tf.tidy(() => tf.mul(scale, key.fold('frequencies').normal([inputs, features / 2])));
    this.frequencies = this.parameter('frequencies', initial, { trainable: learned });
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [this.inputs], 'FourierFeatures.apply', 'x');
  }

  protected forward(x: Tensor): Tensor {
    const lead = x.shape.slice(0, -1);
    const rows = tf.reshape(x, [sizeOf(lead), this.inputs]);
    const angles = tf.matMul(rows, tf.mul(2 * Math.PI, this.frequencies));
    return tf.reshape(tf.concat([tf.cos(angles), tf.sin(angles)], 1), [...lead, this.features]);
  }
}

function checkEven(where: string, features: unknown): void {
  checkInteger(where, 'features', features, { min: 2 });
  checkThat(where, 'features', (features as number) % 2 === 0, {
    expected: 'to be even, for a cosine and a sine of each frequency',
    actual: String(features),
  });
}
