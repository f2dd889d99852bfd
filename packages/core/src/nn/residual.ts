import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import { ShapeError } from '../errors/dgm-error';
import { formatShape, sameShape } from '../shape/shape';
import { ActivationLayer, type Activation } from './activation';
import { initializeFromData, type DataDependentInit } from './data-dependent-init';
import { Dense } from './dense';
import { BaseLayer, childCall, type CallOptions, type Layer } from './layer';
import { LayerNorm } from './layer-norm';
import { Sequential } from './sequential';

export interface ResidualOptions {
  readonly body: Layer;
  /** What takes x to the shape of the body's output; the identity unless given. */
  readonly shortcut?: Layer;
}

/**
 * A layer with a way around it: $y = g(x) + f(x)$, for the `body` f and the `shortcut` g. It owns both.
 * @see Deep Residual Learning for Image Recognition (He et al., 2016), Eq. 1
 */
export class Residual extends BaseLayer implements DataDependentInit {
  readonly body: Layer;
  readonly shortcut: Layer | undefined;

  constructor({ body, shortcut }: ResidualOptions) {
    super();
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
    if (!sameShape(around.shape, change.shape)) {
      throw new ShapeError({
        where: 'Residual.apply',
        argument: 'output of the body',
        expected: `of shape ${formatShape(around.shape)}`,
        actual: formatShape(change.shape),
        remedy: 'give a shortcut that maps x to the shape of the output',
      });
    }
    return tf.add(around, change);
  }
}

export interface ResidualBlockOptions {
  /** The size of the last axis. */
  readonly features: number;
  /** The number of hidden units; `features` unless given. */
  readonly hidden?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** `relu` unless given. */
  readonly activation?: Activation;
}

/**
 * A fully connected residual block with normalization first:
 * $y = x + K_2\, a(K_1\, \mathrm{LayerNorm}(x) + b_1) + b_2$ for an activation a.
 */
export function residualBlock({
  features,
  hidden = features,
  key,
  activation = 'relu',
}: ResidualBlockOptions): Residual {
  const activate = new ActivationLayer(activation);
  const body = new Sequential([
    new LayerNorm({ features }),
    new Dense({ inputs: features, outputs: hidden, key: key.fold('in') }),
    activate,
    new Dense({ inputs: hidden, outputs: features, key: key.fold('out') }),
  ]);
  return new Residual({ body });
}
