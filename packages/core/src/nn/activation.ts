import type { Tensor } from '@tensorflow/tfjs-core';
import { checkOneOf } from '../check/check';
import { record } from '../construction/record';
import {
  elu,
  gelu,
  geluTanh,
  leakyRelu,
  mish,
  quickGelu,
  relu,
  selu,
  sigmoid,
  softplus,
  softsign,
  swish,
  tanh,
} from '../ops/activations';
import { BaseLayer } from './layer';

/** The activations of `ops` as functions of one tensor, by name. */
export const activationFunctions = {
  relu,
  leakyRelu,
  tanh,
  sigmoid,
  softplus,
  swish,
  mish,
  gelu,
  geluTanh,
  quickGelu,
  elu,
  selu,
  softsign,
};

const activations = {
  identity: (x: Tensor): Tensor => x,
  ...activationFunctions,
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
};

/** The activations that have a name. Their gradients are right at every order; parameters are PyTorch's defaults. */
export type ActivationName = keyof typeof activations;

/** An elementwise function: one that has a name, or any other. */
export type Activation = ActivationName | ((x: Tensor) => Tensor);

/**
 * The function that an activation stands for.
 * @throws {@link ArgumentError} for an unknown name, with the closest one.
 *
 * @example
 * ```ts
 * const activate = activationFunction('softplus');
 * activate(tf.tensor1d([-1, 0, 1])); // 0.313, 0.693, 1.313
 * ```
 */
export function activationFunction(activation: Activation): (x: Tensor) => Tensor {
  if (typeof activation === 'function') return activation;
  checkOneOf('activationFunction', 'activation', activation, Object.keys(activations) as ActivationName[]);
  return activations[activation];
}

/**
 * A layer without parameters that applies an activation to each element.
 *
 * @example
 * ```ts
 * const network = new Sequential([new Dense({ inputs: 64, outputs: 32, key }), new ActivationLayer('gelu')]);
 * ```
 */
export class ActivationLayer extends BaseLayer {
  readonly #activate: (x: Tensor) => Tensor;

  constructor(activation: Activation) {
    super();
    record(this, 'ActivationLayer', arguments);
    this.#activate = activationFunction(activation);
  }

  protected forward(x: Tensor): Tensor {
    return this.#activate(x);
  }
}
