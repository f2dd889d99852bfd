import {
  ArgumentError,
  asLayer,
  BaseModule,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSampling,
  checkShape,
  checkThat,
  childCall,
  clipToRange,
  exp,
  leadingShape,
  singleObjective,
} from '@dgm/core';
import type {
  CallOptions,
  GenerativeModel,
  Key,
  Layer,
  NetworkLike,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { EntropyModel, QuantizedCode } from './entropy-model';
import { mixedQuantizer } from './quantizer';
import type { Quantizer, RelaxedCode } from './quantizer';

export interface NeuralCompressorOptions {
  /** The shape of one example. */
  readonly eventShape: Shape;
  /** Maps x, `[n, ...event]`, to a code, `[n, entropyModel.size]`: $f_e$. */
  readonly encoder: NetworkLike;
  /** Maps a rounded code back, `[n, ...event]`: $f_d$. */
  readonly decoder: NetworkLike;
  /** $p_\lambda$ of rounded codes, for example {@link factorizedEntropy}. */
  readonly entropyModel: EntropyModel;
  /**
   * $\beta$: what a nat of rate costs, in units of the distortion. Several make one model with several rates, each with a learned
   * gain of every channel of the code.
   * @defaultValue 1
   */
  readonly beta?: number | readonly number[];
  /**
   * The size of the code's last axis: gains are by channel.
   * @defaultValue the size of the code
   */
  readonly channels?: number;
  /**
   * What stands for rounding during training. {@link vectorCodebook} takes none, as nothing is rounded.
   * @defaultValue `mixedQuantizer()`
   */
  readonly quantizer?: Quantizer;
  /**
   * The least and the greatest value of the data, to which reconstructions are clipped outside training.
   * @defaultValue none
   */
  readonly range?: readonly [number, number];
}

/** A rate, by its position among those of `beta`; between two, a mixture of both. */
export interface RateOptions {
  /** @defaultValue 0 */
  readonly rate?: number;
}

/**
 * A neural compressor (DGM Listings 8.1-8.5): an encoder to real codes, which are rounded, a decoder, and an entropy model of the
 * rounded codes. It minimizes distortion and rate together,
 *
 * $$\mathbb{E}\left[ \tfrac1D \| x - \hat x \|^2 - \beta \ln p_\lambda(\hat y) \right]$$
 *
 * with the mean squared error over entries, and the nats of the whole code (Listing 8.5 prints their mean over its entries).
 * `neuralCodec` makes a file format of it.
 *
 * @throws ArgumentError if an option is unknown or missing, `beta` is not positive, or the entropy model is for other rates
 * @see DGM §8.4, Eq. 8.4-8.9. Asymmetric Gained Deep Image Compression With Continuous Rate Adaptation (Cui et al., 2021),
 * for the gains
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: factorizedEntropy({ size: 8, rates: 2 }),
 *   beta: [1, 0.1], // what a nat of rate costs, in mean squared error
 *   range: [0, 16],
 * });
 * ```
 */
export function neuralCompressor(options: NeuralCompressorOptions): NeuralCompressor {
  return record(new NeuralCompressor(options), 'neuralCompressor', arguments);
}

const OPTIONS: readonly (keyof NeuralCompressorOptions)[] = [
  'eventShape',
  'encoder',
  'decoder',
  'entropyModel',
  'beta',
  'channels',
  'quantizer',
  'range',
];

/** The class of {@link neuralCompressor}. */
export class NeuralCompressor extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly entropyModel: EntropyModel;
  /** $\beta$ of each rate. */
  readonly betas: readonly number[];
  readonly #encoder: Layer;
  readonly #decoder: Layer;
  readonly #quantizer: Quantizer;
  readonly #range: readonly [number, number];
  /** Logarithms of the gains, `[rates, channels]`; absent where there is one rate. */
  readonly #logGain: Variable | undefined;

  constructor(options: NeuralCompressorOptions) {
    super();
    const where = 'neuralCompressor';
    checkOptions(where, options, OPTIONS);
    const { eventShape, encoder, decoder, entropyModel, beta = 1, quantizer } = options;
    checkGiven(where, 'eventShape', eventShape, 'to be the shape of an example');
    checkGiven(where, 'entropyModel', entropyModel, 'to be an entropy model such as factorizedEntropy()');
    const { channels = entropyModel.size, range = [-Infinity, Infinity] } = options;
    checkInteger(where, 'channels', channels);
    checkInteger(where, 'entropyModel.size / channels', entropyModel.size / channels);
    this.betas = typeof beta === 'number' ? [beta] : [...beta];
    this.betas.forEach((each, index) => checkNumber(where, `beta[${index}]`, each, { above: 0 }));
    checkThat(where, 'entropyModel', this.betas.length === entropyModel.rates, {
      expected: `to have ${this.betas.length} rates, as many as beta`,
      actual: String(entropyModel.rates),
      remedy: 'give it the option rates',
    });
    if (!(range[0] < range[1])) {
      throw new ArgumentError({
        ...{ where, argument: 'range', expected: 'to be [least, greatest]', actual: `[${range.join(', ')}]` },
      });
    }
    if (quantizer !== undefined && entropyModel.quantize !== undefined) {
      throw new ArgumentError({
        ...{ where, argument: 'quantizer', actual: quantizer.name },
        expected: 'to be left out where the entropy model quantizes',
      });
    }
    this.eventShape = [...eventShape];
    this.#quantizer = quantizer ?? mixedQuantizer();
    this.#range = range;
    this.#encoder = this.child('encoder', asLayer(encoder));
    this.#decoder = this.child('decoder', asLayer(decoder));
    this.entropyModel = this.child('entropy', entropyModel);
    // A step of the quantizer costs its square in distortion, so that steps in proportion to the root of beta are a start.
    const start = this.betas.map((each) => new Array<number>(channels).fill(-0.5 * Math.log(each)));
    this.#logGain = this.betas.length === 1 ? undefined : this.parameter('logGain', tf.tensor2d(start));
  }

  /** The number of rates. */
  get rates(): number {
    return this.betas.length;
  }

  /**
   * The integers of examples: the parts of their codes, in the order of coding.
   * @param x - `[n, ...event]`
   */
  encode(x: Tensor, options: RateOptions = {}): Tensor[] {
    const call = this.#callOf('encode', x.shape[0]!, options);
    return tf.tidy(() => this.split(x, call).map((part) => tf.round(part)));
  }

  /**
   * Reconstructions, `[n, ...event]`.
   * @param parts - what `encode` gave
   */
  decode(parts: readonly Tensor[], options: RateOptions = {}): Tensor {
    const call = this.#callOf('decode', parts[0]!.shape[0]!, options);
    return tf.tidy(() => this.join(parts, call));
  }

  /** The nats of the codes of examples, `[n]`: what a file of them takes. */
  rate(x: Tensor, options: RateOptions = {}): Tensor {
    const call = this.#callOf('rate', x.shape[0]!, options);
    return tf.tidy(() => this.#nats(this.encode(x, options), call));
  }

  /** Encodes, rounds and decodes examples, `[n, ...event]`. */
  reconstruct(x: Tensor, options: RateOptions = {}): Tensor {
    return tf.tidy(() => this.decode(this.encode(x, options), options));
  }

  /** Codes from the entropy model, decoded: what it has learned of them; `[n, ...event]`. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('NeuralCompressor.sample', { key, n, options });
    return tf.tidy(() => {
      const call = this.#callOf('sample', n, {});
      const parts: Tensor[] = [];
      while (parts.length < this.entropyModel.parts.length) {
        parts.push(this.entropyModel.given(parts, call).sample(key.fold(parts.length), n));
      }
      return this.join(parts, call);
    });
  }

  /**
   * Distortion and rate, `total`, with `distortion` (mean squared error per entry) and `rate` (nats per example). With several
   * rates each example gets one by chance, and its term is divided by $\sqrt\beta$, which makes all rates weigh alike.
   */
  objectives(): readonly Objective[] {
    const [only] = singleObjective<Tensor>(this, {
      name: 'rate-distortion',
      loss: (x, key, { training }) => {
        leadingShape(x.shape, this.eventShape, 'NeuralCompressor', 'x');
        const n = x.shape[0]!;
        const weights = this.rates === 1 ? undefined : this.#rateOfEach(n, key.fold('rate'), training);
        const call: CallOptions = {
          training,
          key: key.fold('networks'),
          ...(weights && { context: weights }),
        };
        const { parts, decoded, penalty } = this.#quantized(this.#code(x, call), key.fold('quantizer'), call);
        const rate = this.#nats(parts, call);
        const error = tf.reshape(tf.squaredDifference(x, this.#decoded(decoded, call)), [n, -1]);
        const distortion = tf.mean(error, 1);
        const beta = weights === undefined ? this.betas[0]! : dot(weights, this.betas);
        const lagrangian = tf.add(distortion, tf.mul(beta, rate));
        const total = weights === undefined ? lagrangian : tf.div(lagrangian, tf.sqrt(beta as Tensor));
        const terms = { distortion: tf.mean<Scalar>(distortion), rate: tf.mean<Scalar>(rate) };
        if (penalty === undefined) return { total: tf.mean<Scalar>(total), ...terms };
        return { total: tf.add<Scalar>(tf.mean(total), penalty), ...terms, penalty };
      },
    });
    return [{ ...only!, validated: true }];
  }

  /** Parts of the codes of examples, real or of indices. For codecs and losses; called inside `tf.tidy`. */
  split(x: Tensor, call: CallOptions): readonly Tensor[] {
    return this.entropyModel.split(this.#code(x, call), childCall(call, 'entropy'));
  }

  /** Reconstructions of codes. For codecs and losses; called inside `tf.tidy`. */
  join(parts: readonly Tensor[], call: CallOptions): Tensor {
    return this.#decoded(this.entropyModel.join(parts), call);
  }

  /** Codes of examples, times the gains. */
  #code(x: Tensor, call: CallOptions): Tensor {
    leadingShape(x.shape, this.eventShape, 'NeuralCompressor.encode', 'x');
    const y = this.#encoder.apply(x, childCall(call, 'encoder'));
    checkShape('NeuralCompressor', "the encoder's output", y, ['n', this.entropyModel.size]);
    return this.#scaled(y, call, 1);
  }

  #decoded(y: Tensor, call: CallOptions): Tensor {
    const x = this.#decoder.apply(this.#scaled(y, call, -1), childCall(call, 'decoder'));
    checkShape('NeuralCompressor', "the decoder's output", x, ['n', ...this.eventShape]);
    const [least, greatest] = this.#range;
    const isBounded = Number.isFinite(least) || Number.isFinite(greatest);
    return call.training || !isBounded ? x : clipToRange(x, { min: least, max: greatest });
  }

  /** $-\ln p_\lambda$ of all parts, `[n]`. */
  #nats(parts: readonly Tensor[], call: CallOptions): Tensor {
    const each = parts.map((part, index) =>
      tf.sum(this.entropyModel.given(parts.slice(0, index), call).logProb(part), 1),
    );
    return tf.neg(tf.addN(each));
  }

  #quantized(y: Tensor, key: Key, call: CallOptions): QuantizedCode {
    const { entropyModel } = this;
    if (entropyModel.quantize !== undefined) return entropyModel.quantize(y);
    const relaxed = entropyModel
      .split(y, childCall(call, 'entropy'))
      .map((part, index) => this.#relax(part, key.fold(index), call.training === true));
    return {
      parts: relaxed.map((part) => part.coded),
      decoded: entropyModel.join(relaxed.map((part) => part.decoded)),
    };
  }

  #relax(part: Tensor, key: Key, training: boolean): RelaxedCode {
    if (training) return this.#quantizer.relax(part, key);
    const rounded = tf.round(part);
    return { coded: rounded, decoded: rounded };
  }

  /** A code times its gains, or divided by them. */
  #scaled(y: Tensor, { context }: CallOptions, sign: 1 | -1): Tensor {
    if (this.#logGain === undefined || context === undefined) return y;
    const gain = exp(tf.mul(sign, tf.matMul(context, this.#logGain)));
    const repeats = this.entropyModel.size / this.#logGain.shape[1]!;
    return tf.mul(y, repeats === 1 ? gain : tf.tile(gain, [1, repeats]));
  }

  /** The rate of each example, one-hot: by chance, or in turns outside training. */
  #rateOfEach(n: number, key: Key, training: boolean): Tensor {
    const rate = training
      ? tf.floor(tf.mul(key.uniform([n, 1]), this.rates))
      : tf.reshape(tf.mod(tf.range(0, n), this.rates), [n, 1]);
    return tf.cast(tf.equal(rate, tf.range(0, this.rates)), 'float32');
  }

  #callOf(method: string, n: number, options: RateOptions): CallOptions {
    const where = `NeuralCompressor.${method}`;
    checkOptions(where, options, ['rate']);
    const { rate = 0 } = options;
    checkNumber(where, 'rate', rate, { min: 0, max: this.rates - 1 });
    if (this.rates === 1) return {};
    const weights = rateWeights(rate, this.rates);
    return { context: tf.tile(tf.tensor2d([weights]), [n, 1]) };
  }
}

/** The weights of the rates: 1 for one of them, and between two that of each. */
export function rateWeights(rate: number, rates: number): number[] {
  return Array.from({ length: rates }, (_, index) => Math.max(0, 1 - Math.abs(rate - index)));
}

function dot(weights: Tensor, values: readonly number[]): Tensor {
  return tf.reshape(tf.matMul(weights, tf.tensor2d([...values], [values.length, 1])), [-1]);
}
