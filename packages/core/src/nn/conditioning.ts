import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, checkOptions } from '../check/check';
import { record } from '../construction/record';
import { checkContext } from '../model/condition';
import { checkKey, type Key } from '../random/key';
import { leadingShape } from '../shape/shape';
import { ActivationLayer, type Activation } from './activation';
import { Dense } from './dense';
import { SinusoidalEmbedding, type SinusoidalEmbeddingOptions } from './fourier-features';
import { BaseLayer, childCall, type CallOptions, type Layer } from './layer';
import { Sequential } from './sequential';
import { standardize } from './standardize';

/*
 * A layer finds its condition in the options of the call: `apply(x, { context })` with one row of `contextSize` numbers
 * for each example. Containers hand the options on, so only the layers below read it.
 */

export interface FilmOptions {
  /** The size of the last axis of the input. */
  readonly features: number;
  /** The width of the condition. */
  readonly contextSize: number;
  /** `'zero'` starts as the identity. @defaultValue 'uniform' */
  readonly initial?: 'uniform' | 'zero';
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * Feature-wise linear modulation of `[n, ..., features]`: $y = (1 + s) \odot x + b$, where the scale s and the shift b
 * of each example are affine in its condition c, $[s, b] = c K + k$.
 * @see FiLM: Visual Reasoning with a General Conditioning Layer (Perez et al., 2018), Eq. 1 and 2
 *
 * @example
 * ```ts
 * const layer = new Film({ features: 64, contextSize: 10, key });
 * layer.apply(x, { context: tf.oneHot([7, 7, 1, 0], 10) }); // [4, 64]
 * ```
 */
export class Film extends BaseLayer {
  readonly features: number;
  readonly contextSize: number;
  readonly modulation: Dense;

  constructor({ features, contextSize, initial = 'uniform', key, ...unknown }: FilmOptions) {
    super();
    record(this, 'Film', arguments);
    checkOptions('Film', unknown, ['features', 'contextSize', 'initial', 'key']);
    checkInteger('Film', 'features', features);
    checkInteger('Film', 'contextSize', contextSize);
    this.features = features;
    this.contextSize = contextSize;
    const modulation = new Dense({ inputs: contextSize, outputs: 2 * features, initial, key });
    this.modulation = this.child('modulation', modulation);
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [this.features], 'Film.apply', 'x');
  }

  protected forward(x: Tensor, { context }: CallOptions): Tensor {
    const [scale, shift] = modulations('Film.apply', this.modulation, x, context, 2);
    return tf.add(tf.mul(x, tf.add(1, scale!)), shift!);
  }
}

export interface AdaptiveResidualOptions {
  /** The branch f, which keeps the shape of its input. */
  readonly body: Layer;
  /** The size of the last axis. */
  readonly features: number;
  /** The width of the condition. */
  readonly contextSize: number;
  /** Randomness for children of the layer; its own weights start at 0. */
  readonly key: Key;
}

/** Added to the variance; that of diffusion transformers. */
const EPSILON = 1e-6;

/**
 * A residual branch that its condition scales, shifts and gates ("adaLN-Zero"), for `[n, ..., features]`:
 *
 * $$y = x + g \odot f\big((1 + s) \odot \hat x + b\big), \quad [b, s, g] = c K + k$$
 *
 * where $\hat x$ is x with mean 0 and variance 1 over its last axis. $K$ and $k$ start at 0, so that the layer starts
 * as the identity. It owns the `body` f.
 * @see Scalable Diffusion Models with Transformers (Peebles and Xie, 2023), §3.2
 *
 * @example
 * ```ts
 * const body = new Dense({ inputs: 64, outputs: 64, key });
 * const layer = new AdaptiveResidual({ body, features: 64, contextSize: 8, key: key.fold('context') });
 * layer.apply(x, { context: tf.zeros([4, 8]) }); // [4, 64]; x itself before training
 * ```
 */
export class AdaptiveResidual extends BaseLayer {
  readonly body: Layer;
  readonly features: number;
  readonly contextSize: number;
  readonly modulation: Dense;

  constructor({ body, features, contextSize, key, ...unknown }: AdaptiveResidualOptions) {
    super();
    record(this, 'AdaptiveResidual', arguments);
    checkOptions('AdaptiveResidual', unknown, ['body', 'features', 'contextSize', 'key']);
    checkInteger('AdaptiveResidual', 'features', features);
    checkInteger('AdaptiveResidual', 'contextSize', contextSize);
    this.features = features;
    this.contextSize = contextSize;
    const modulation = new Dense({ inputs: contextSize, outputs: 3 * features, initial: 'zero', key });
    this.modulation = this.child('modulation', modulation);
    this.body = this.child('body', body);
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [this.features], 'AdaptiveResidual.apply', 'x');
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const [shift, scale, gate] = modulations('AdaptiveResidual.apply', this.modulation, x, call.context, 3);
    const normal = standardize(x, [-1], EPSILON);
    const modulated = tf.add(tf.mul(normal, tf.add(1, scale!)), shift!);
    return tf.add(x, tf.mul(gate!, this.body.apply(modulated, childCall(call, 'body'))));
  }
}

/** `count` vectors of each example, affine in its condition and shaped to multiply x: `[n, 1, ..., features]`. */
function modulations(
  where: string,
  modulation: Dense,
  x: Tensor,
  context: Tensor | undefined,
  count: number,
): Tensor[] {
  const [rows, features] = [x.shape[0]!, modulation.outputs / count];
  checkContext(where, context, { rows, contextSize: modulation.inputs });
  const perExample = [rows, ...x.shape.slice(1, -1).map(() => 1), features];
  return tf.split(modulation.apply(context!), count, 1).map((part) => tf.reshape(part, perExample));
}

/** The options that conditioned blocks and networks share. */
export interface ConditionedOptions {
  /** The width of the condition; 0 for a network without one. @defaultValue 0 */
  readonly contextSize?: number;
  /** The fraction of hidden units that dropout sets to 0. @defaultValue 0 */
  readonly dropout?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** @param time - whether the condition has to have a column for a time */
export function checkConditioned(
  where: string,
  { contextSize = 0, dropout = 0, key }: ConditionedOptions,
  { time = false }: Pick<ContextEmbeddingOptions, 'time'> = {},
): void {
  checkInteger(where, 'contextSize', contextSize, { min: time === false ? 0 : 1 });
  checkNumber(where, 'dropout', dropout, { min: 0, below: 1 });
  checkKey(where, key);
}

/** Options of {@link contextEmbedding}. */
export interface ContextEmbeddingOptions {
  /** The width of the condition. */
  readonly contextSize: number;
  /** The size of the embedding. */
  readonly features: number;
  /**
   * Whether the first column of the condition is a time, which sinusoids of many periods embed; their options, or
   * `true` for times that count steps. @defaultValue false
   */
  readonly time?: boolean | Omit<SinusoidalEmbeddingOptions, 'features'>;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** @defaultValue 'swish' */
  readonly activation?: Activation;
}

/**
 * The network that prepares a condition for the layers that it modulates: a time becomes sinusoids, and two dense
 * layers follow, with an activation after each.
 * @returns a layer from `[n, contextSize]` to `[n, features]`
 *
 * @example
 * ```ts
 * const embedding = contextEmbedding({ contextSize: 1, features: 32, time: { scale: 1000 }, key });
 * embedding.apply(tf.tensor2d([[0.1], [0.9]])); // [2, 32]
 * ```
 */
export function contextEmbedding({
  contextSize,
  features,
  time = false,
  key,
  activation = 'swish',
  ...unknown
}: ContextEmbeddingOptions): Layer {
  const where = 'contextEmbedding';
  checkOptions(where, unknown, ['contextSize', 'features', 'time', 'key', 'activation']);
  checkInteger(where, 'contextSize', contextSize);
  checkInteger(where, 'features', features);
  checkKey(where, key);
  const activate = new ActivationLayer(activation);
  const sinusoids = 2 * Math.ceil(features / 8);
  const inputs = time === false ? contextSize : contextSize - 1 + sinusoids;
  const embedTime = time === false ? [] : [timeColumn({ features: sinusoids, ...(time !== true && time) })];
  return record(
    new Sequential([
      ...embedTime,
      new Dense({ inputs, outputs: features, key: key.fold('in') }),
      activate,
      new Dense({ inputs: features, outputs: features, key: key.fold('out') }),
      activate,
    ]),
    'contextEmbedding',
    arguments,
  );
}

class TimeColumn extends BaseLayer {
  readonly #embedding: SinusoidalEmbedding;

  constructor(embedding: SinusoidalEmbedding) {
    super();
    this.#embedding = embedding;
  }

  protected forward(context: Tensor): Tensor {
    const [n, width] = context.shape as [number, number];
    const time = this.#embedding.apply(tf.reshape(tf.slice(context, [0, 0], [n, 1]), [n]));
    return width === 1 ? time : tf.concat([time, tf.slice(context, [0, 1], [n, width - 1])], 1);
  }
}

/** Replaces the first column of a condition by its sinusoidal embedding. */
function timeColumn(options: SinusoidalEmbeddingOptions): Layer {
  return new TimeColumn(new SinusoidalEmbedding(options));
}

export interface EmbeddedContextOptions {
  /** Maps the condition, `[n, contextSize]`, to what the body's layers take. */
  readonly embedding: Layer;
  readonly body: Layer;
  /** The width of the condition. */
  readonly contextSize: number;
}

/**
 * A layer whose condition goes through a network first: $y = f(x \mid e(c))$ for the `body` f and the `embedding` e. It owns both.
 *
 * @example
 * ```ts
 * const layer = new EmbeddedContext({
 *   embedding: contextEmbedding({ contextSize: 1, features: 32, time: { scale: 1000 }, key: key.fold('time') }),
 *   body: residualBlock({ features: 64, contextSize: 32, key: key.fold('block') }),
 *   contextSize: 1,
 * });
 * layer.apply(x, { context: tf.fill([4, 1], 0.5) }); // [4, 64]
 * ```
 */
export class EmbeddedContext extends BaseLayer {
  readonly embedding: Layer;
  readonly body: Layer;
  readonly contextSize: number;

  constructor({ embedding, body, contextSize, ...unknown }: EmbeddedContextOptions) {
    super();
    record(this, 'EmbeddedContext', arguments);
    checkOptions('EmbeddedContext', unknown, ['embedding', 'body', 'contextSize']);
    checkInteger('EmbeddedContext', 'contextSize', contextSize);
    this.contextSize = contextSize;
    this.embedding = this.child('embedding', embedding);
    this.body = this.child('body', body);
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const { contextSize } = this;
    checkContext('EmbeddedContext.apply', call.context, { rows: x.shape[0]!, contextSize });
    const context = this.embedding.apply(call.context!, childCall(call, 'embedding'));
    return this.body.apply(x, { ...childCall(call, 'body'), context });
  }
}
