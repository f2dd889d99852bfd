import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../errors/dgm-error';
import { elu, leakyRelu, quickGelu, relu, sigmoid, softplus, swish, tanh } from '../ops/activations';
import { gelu } from '../ops/gelu';
import { BaseLayer } from './layer';

const activations = {
  identity: (x: Tensor): Tensor => x,
  relu,
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
  tanh,
  sigmoid,
  softplus,
  swish,
  gelu,
  quickGelu,
  elu,
};

/** The activations that have a name. Their gradients are right at every order; parameters are PyTorch's defaults. */
export type ActivationName = keyof typeof activations;

/** An elementwise function: one that has a name, or any other. */
export type Activation = ActivationName | ((x: Tensor) => Tensor);

/**
 * The function that an activation stands for.
 * @throws {@link ArgumentError} for an unknown name.
 */
export function activationFunction(activation: Activation): (x: Tensor) => Tensor {
  if (typeof activation === 'function') return activation;
  if (Object.hasOwn(activations, activation)) return activations[activation];
  throw new ArgumentError({
    where: 'activationFunction',
    argument: 'activation',
    expected: `to be one of ${Object.keys(activations).join(', ')}, or a function`,
    actual: `"${String(activation)}"`,
  });
}

/** A layer without parameters that applies an activation to each element. */
export class ActivationLayer extends BaseLayer {
  readonly #activate: (x: Tensor) => Tensor;

  constructor(activation: Activation) {
    super();
    this.#activate = activationFunction(activation);
  }

  protected forward(x: Tensor): Tensor {
    return this.#activate(x);
  }
}
