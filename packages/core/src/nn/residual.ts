import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions, checkThat } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { formatShape, sameShape } from '../shape/shape';
import { ActivationLayer, type Activation } from './activation';
import {
  AdaptiveResidual,
  checkConditioned,
  type ConditionedOptions,
  contextEmbedding,
  type ContextEmbeddingOptions,
  EmbeddedContext,
} from './conditioning';
import { initializeFromData, type DataDependentInit } from './data-dependent-init';
import { Dense } from './dense';
import { Dropout } from './dropout';
import { BaseLayer, childCall, type CallOptions, type Layer } from './layer';
import { LayerNorm } from './layer-norm';
import { Sequential } from './sequential';

export interface ResidualOptions {
  readonly body: Layer;
  /** Maps x to the shape of the body's output. @defaultValue the identity */
  readonly shortcut?: Layer;
}

/**
 * A layer with a way around it: $y = g(x) + f(x)$, for the `body` f and the `shortcut` g. It owns both.
 * @see Deep Residual Learning for Image Recognition (He et al., 2016), Eq. 1
 *
 * @example
 * ```ts
 * const body = mlp([64, 128, 64], { key });
 * const layer = new Residual({ body });
 * layer.apply(x); // [4, 64]
 * ```
 */
export class Residual extends BaseLayer implements DataDependentInit {
  readonly body: Layer;
  readonly shortcut: Layer | undefined;

  constructor({ body, shortcut, ...unknown }: ResidualOptions) {
    super();
    record(this, 'Residual', arguments);
    checkOptions('Residual', unknown, ['body', 'shortcut']);
    this.body = this.child('body', body);
    this.shortcut = shortcut === undefined ? undefined : this.child('shortcut', shortcut);
  }

  initialize(x: Tensor, call: CallOptions = {}): Tensor {
    return tf.tidy(() => this.#sum(x, call, initializeFromData));
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.#sum(x, call, (layer, input, own) => layer.apply(input, own));
  }

  #sum(x: Tensor, call: CallOptions, apply: typeof initializeFromData): Tensor {
    const change = apply(this.body, x, childCall(call, 'body'));
    const around = this.shortcut === undefined ? x : apply(this.shortcut, x, childCall(call, 'shortcut'));
    checkThat('Residual.apply', 'output of the body', sameShape(around.shape, change.shape), {
      error: ShapeError,
      expected: `of shape ${formatShape(around.shape)}`,
      actual: formatShape(change.shape),
      remedy: 'give a shortcut that maps x to the shape of the output',
    });
    return tf.add(around, change);
  }
}

export interface ResidualBlockOptions extends ConditionedOptions {
  /** The size of the last axis. */
  readonly features: number;
  /** The number of hidden units. @defaultValue `features` */
  readonly hidden?: number;
  /** @defaultValue 'relu' */
  readonly activation?: Activation;
}

/**
 * A fully connected residual block with normalization first:
 * $y = x + K_2\, a(K_1\, \mathrm{LayerNorm}(x) + b_1) + b_2$ for an activation a. With a `contextSize` the condition
 * scales, shifts and gates the branch, and the block starts as the identity ({@link AdaptiveResidual}).
 *
 * @example
 * ```ts
 * const network = new Sequential([
 *   new Dense({ inputs: 64, outputs: 128, key: key.fold('in') }),
 *   residualBlock({ features: 128, key: key.fold('block') }),
 * ]);
 * network.apply(x); // [4, 64] to [4, 128]
 * ```
 */
export function residualBlock({
  features,
  hidden = features,
  contextSize = 0,
  dropout = 0,
  key,
  activation = 'relu',
  ...unknown
}: ResidualBlockOptions): Layer {
  const where = 'residualBlock';
  checkOptions(where, unknown, ['features', 'hidden', 'contextSize', 'dropout', 'key', 'activation']);
  checkInteger(where, 'features', features);
  checkInteger(where, 'hidden', hidden);
  checkConditioned(where, { contextSize, dropout, key });
  const activate = new ActivationLayer(activation);
  const body = [
    new Dense({ inputs: features, outputs: hidden, key: key.fold('in') }),
    activate,
    ...(dropout > 0 ? [new Dropout({ rate: dropout })] : []),
    new Dense({ inputs: hidden, outputs: features, key: key.fold('out') }),
  ];
  return record(
    contextSize > 0
      ? new AdaptiveResidual({ body: new Sequential(body), features, contextSize, key: key.fold('context') })
      : new Residual({ body: new Sequential([new LayerNorm({ features }), ...body]) }),
    'residualBlock',
    arguments,
  );
}

export interface ResidualMlpOptions extends ConditionedOptions, Pick<ContextEmbeddingOptions, 'time'> {
  readonly inputs: number;
  readonly outputs: number;
  /** The number of hidden units. */
  readonly features: number;
  /** The number of residual blocks. @defaultValue 3 */
  readonly blocks?: number;
  /** @defaultValue 'swish' */
  readonly activation?: Activation;
}

/**
 * A multilayer perceptron of residual blocks: a dense layer, the blocks, a normalization, the activation and a last
 * dense layer. A condition goes through {@link contextEmbedding} and then to each block.
 *
 * @returns a layer from `[..., inputs]` to `[..., outputs]`; `[n, ..., inputs]` with a condition
 * @throws {@link ArgumentError} for an option out of its range.
 *
 * @example
 * ```ts
 * // A denoiser of vectors, for times in [0, 1]:
 * const network = residualMlp({ inputs: 64, outputs: 64, features: 256, contextSize: 1, time: { scale: 1000 }, key });
 * const noise = network.apply(x, { context: tf.fill([4, 1], 0.5) }); // x: [4, 64]
 * ```
 */
export function residualMlp({
  inputs,
  outputs,
  features,
  blocks = 3,
  contextSize = 0,
  time = false,
  dropout = 0,
  key,
  activation = 'swish',
  ...unknown
}: ResidualMlpOptions): Layer {
  const where = 'residualMlp';
  checkOptions(where, unknown, [
    'inputs',
    'outputs',
    'features',
    'blocks',
    'contextSize',
    'time',
    'dropout',
    'key',
    'activation',
  ]);
  checkInteger(where, 'inputs', inputs);
  checkInteger(where, 'outputs', outputs);
  checkInteger(where, 'features', features);
  checkInteger(where, 'blocks', blocks, { min: 0 });
  checkConditioned(where, { contextSize, dropout, key }, { time });
  const activate = new ActivationLayer(activation);
  const block = { features, contextSize: contextSize > 0 ? features : 0, dropout, activation };
  const body = new Sequential([
    new Dense({ inputs, outputs: features, key: key.fold('in') }),
    ...Array.from({ length: blocks }, (_, index) => residualBlock({ ...block, key: key.fold(index) })),
    new LayerNorm({ features }),
    activate,
    new Dense({ inputs: features, outputs, key: key.fold('out') }),
  ]);
  if (contextSize === 0) return record(body, 'residualMlp', arguments);
  const embedding = contextEmbedding({ contextSize, features, time, activation, key: key.fold('context') });
  return record(new EmbeddedContext({ embedding, body, contextSize }), 'residualMlp', arguments);
}
