import {
  asLayer,
  BaseModule,
  checkGiven,
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  checkSameSpace,
  checkSampling,
  checkShape,
  codeVectors,
  conditional,
  leadingShape,
  nearestCodes,
  oneHot,
  singleObjective,
  stopGradient,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Key,
  Layer,
  NetworkLike,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkHead } from '../check';
import { networkCalls } from '../objectives/objective';
import { record } from '../record';

export interface VqVaeOptions {
  /** Maps x, `[n, ...event]`, to one vector for each position, `[n, positions * dims]`. */
  readonly encoder: NetworkLike;
  /** Maps the code vectors, `[n, positions * dims]`, to the parameters of the likelihood. */
  readonly decoder: NetworkLike;
  readonly likelihood: DistributionHead;
  /** The number of codes per example, the size of the codebook, and the size of a code vector. */
  readonly codebook: { readonly positions: number; readonly codes: number; readonly dims: number };
  /**
   * The weight $\beta$ of the commitment loss, which pulls the encoder's vectors to their codes.
   * @defaultValue 0.25
   */
  readonly commitment?: number;
  /**
   * The prior $p(c)$ of the integer codes, with event `[positions]`, such as an autoregressive model, which is then
   * trained with the rest. By default all codes are equally probable.
   */
  readonly prior?: ConditionalDistribution;
  /** For the initial code vectors. */
  readonly key: Key;
}

/**
 * A vector-quantized auto-encoder: each vector of the encoder is replaced by the nearest vector of a codebook.
 * @throws ArgumentError if the sizes of the codebook are not positive integers
 * @see Neural Discrete Representation Learning (van den Oord et al., 2017)
 *
 * @example
 * ```ts
 * const model = vqVae({
 *   encoder: mlp([64, 64, 4 * 8], { key: key.fold('encoder') }),
 *   decoder: mlp([4 * 8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   codebook: { positions: 4, codes: 32, dims: 8 },
 *   key: key.fold('codebook'),
 * });
 * ```
 */
export function vqVae(options: VqVaeOptions): VqVae {
  return record(new VqVae(options), 'vqVae', arguments);
}

const OPTIONS: readonly (keyof VqVaeOptions)[] = [
  'encoder',
  'decoder',
  'likelihood',
  'codebook',
  'commitment',
  'prior',
  'key',
];

/** The class of {@link vqVae}. */
export class VqVae extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  /** `[positions]`: the indices of the codes. */
  readonly latentShape: Shape;
  readonly #encoder: Layer;
  readonly #decoder: ConditionalDistribution;
  readonly #prior: ConditionalDistribution | undefined;
  readonly #codebook: Variable;
  readonly #positions: number;
  readonly #commitment: number;

  constructor(options: VqVaeOptions) {
    super();
    checkOptions('vqVae', options, OPTIONS);
    const { encoder, decoder, likelihood, codebook, commitment = 0.25, prior, key } = options;
    checkHead('vqVae', 'likelihood', likelihood);
    checkGiven('vqVae', 'codebook', codebook, 'to be { positions, codes, dims }');
    checkOptions('vqVae.codebook', codebook, ['positions', 'codes', 'dims']);
    checkNumber('vqVae', 'commitment', commitment, { min: 0 });
    checkKey('vqVae', key);
    const { positions, codes, dims } = codebook;
    checkInteger('vqVae', 'codebook.positions', positions);
    checkInteger('vqVae', 'codebook.codes', codes, { min: 2 });
    checkInteger('vqVae', 'codebook.dims', dims);
    this.latentShape = [positions];
    this.eventShape = likelihood.eventShape;
    this.levels = likelihood.levels;
    this.#encoder = this.child('encoder', asLayer(encoder));
    this.#decoder = this.child('decoder', conditional(decoder, likelihood));
    this.#prior = prior && this.child('prior', prior);
    this.#codebook = this.parameter(
      'codebook',
      tf.tidy(() => tf.div(key.normal([codes, dims]), Math.sqrt(dims))),
    );
    this.#positions = positions;
    this.#commitment = commitment;
  }

  /** The indices of the codes of each example, float32 `[n, positions]`. */
  encode(x: Tensor): Tensor {
    leadingShape(x.shape, this.eventShape, 'VqVae.encode', 'x');
    return tf.tidy(() => nearestCodes(this.#vectors(x), this.#codebook));
  }

  /** $p(x|c)$ of the codes, `[n, positions]`. It borrows the decoder's output: call this inside `tf.tidy`. */
  decode(codes: Tensor): Distribution {
    return this.#decodeVectors(codeVectors(codes, this.#codebook));
  }

  /**
   * $\ln p(x|c(x)) + \ln p(c(x))$ in nats, `[n]`: the bound of Eq. 4.17 for a deterministic posterior. The key is not
   * used.
   */
  elbo(x: Tensor, _key: Key): Tensor {
    return tf.tidy(() => {
      const codes = this.encode(x);
      return tf.add(this.decode(codes).logProb(x), this.#logPrior(codes));
    });
  }

  /** Codes from the prior, then x from the likelihood; `[n, ...event]`. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('VqVae.sample', { key, n, options });
    return tf.tidy(() => {
      const { codes: numCodes } = this.#sizes;
      const codes = this.#prior
        ? this.#priorOf().sample(key.fold('codes'), [n])
        : tf.cast(key.fold('codes').categorical(tf.zeros([numCodes]), [n, this.#positions]), 'float32');
      return this.decode(codes).sample(key.fold('x'));
    });
  }

  /** Encodes and decodes x: a draw of the likelihood, `[n, ...event]`. */
  reconstruct(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => this.decode(this.encode(x)).sample(key));
  }

  /**
   * $-\ln p(x|c) + \|\mathrm{sg}[e(x)] - v_c\|^2 + \beta\, \|e(x) - \mathrm{sg}[v_c]\|^2 - \ln p(c)$, in nats but for
   * the two distances, with a straight-through gradient from the code vector to the encoder's vector (Eq. 3 of the
   * paper). `perplexity` is the effective number of codes that the batch used.
   */
  objectives(): readonly Objective[] {
    return singleObjective<Tensor>(this, {
      name: 'vq',
      loss: (x, key, options) => {
        const call = networkCalls(options, key);
        const vectors = this.#vectors(x, call('encoder'));
        const codes = nearestCodes(vectors, this.#codebook);
        const chosen = codeVectors(codes, this.#codebook);
        const passed = tf.add(vectors, stopGradient(tf.sub(chosen, vectors)));
        const reconstruction = mean(tf.neg(this.#decodeVectors(passed, call('decoder')).logProb(x)));
        const codebook = squaredDistance(stopGradient(vectors), chosen);
        const commitment = squaredDistance(vectors, stopGradient(chosen));
        const prior = mean(tf.neg(this.#logPrior(codes, call('prior'))));
        const distances = tf.add(codebook, tf.mul(this.#commitment, commitment));
        const total = tf.addN([reconstruction, distances, prior]) as Scalar;
        return { total, reconstruction, codebook, commitment, prior, perplexity: this.#perplexity(codes) };
      },
    });
  }

  get #sizes(): { readonly codes: number; readonly dims: number } {
    const [codes, dims] = this.#codebook.shape;
    return { codes: codes!, dims: dims! };
  }

  /** The encoder's output, `[n, positions, dims]`. */
  #vectors(x: Tensor, call: CallOptions = {}): Tensor {
    const { dims } = this.#sizes;
    const flat = this.#encoder.apply(x, call);
    checkShape('VqVae.encode', "the encoder's output", flat, ['n', this.#positions * dims]);
    return tf.reshape(flat, [-1, this.#positions, dims]);
  }

  #decodeVectors(vectors: Tensor, call: CallOptions = {}): Distribution {
    return this.#decoder.given(tf.reshape(vectors, [vectors.shape[0]!, -1]), call);
  }

  #logPrior(codes: Tensor, call: CallOptions = {}): Tensor {
    if (this.#prior) return this.#priorOf(call).logProb(codes);
    return tf.fill([codes.shape[0]!], -this.#positions * Math.log(this.#sizes.codes));
  }

  /** @throws ArgumentError if the prior is not over integers */
  #priorOf(call: CallOptions = {}): Distribution {
    const prior = this.#prior!.given(undefined, call);
    checkSameSpace('vqVae', 'prior', prior, { space: 'integers' });
    return prior;
  }

  /** $e^{H}$ of the frequencies of the codes: from 1 (one code) to the size of the codebook (all equally often). */
  #perplexity(codes: Tensor): Scalar {
    const used = tf.mean(oneHot(tf.reshape(codes, [-1]), { depth: this.#sizes.codes }), 0);
    const entropy = tf.neg(tf.sum<Scalar>(tf.mul(used, tf.log(tf.add(used, 1e-10)))));
    return tf.exp<Scalar>(entropy);
  }
}

const mean = (values: Tensor): Scalar => tf.mean<Scalar>(values);

/** Squared distances of an example's vectors, added up; the mean over examples. */
function squaredDistance(a: Tensor, b: Tensor): Scalar {
  return tf.div(tf.sum(tf.square(tf.sub(a, b))), a.shape[0]!);
}
