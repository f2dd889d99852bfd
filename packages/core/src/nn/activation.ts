import type { Tensor } from '@tensorflow/tfjs-core';
import { checkNumber, checkOneOf, checkOptions } from '../check/check';
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

/** The leaky ReLU of another slope than 0.01. A model file holds it, which it cannot do with a function that calls `leakyRelu`. */
export interface LeakyReluOfSlope {
  readonly name: 'leakyRelu';
  readonly slope: number;
}

/** An elementwise function: one that has a name, the leaky ReLU of a slope, or any other. */
export type Activation = ActivationName | LeakyReluOfSlope | ((x: Tensor) => Tensor);

/**
 * The function that an activation stands for.
 * @throws {@link ArgumentError} for an unknown name, with the closest one, and for a slope that is not a finite number.
 *
 * @example
 * ```ts
 * const activate = activationFunction('softplus');
 * activate(tf.tensor1d([-1, 0, 1])); // 0.313, 0.693, 1.313
 * activationFunction({ name: 'leakyRelu', slope: 0.2 })(tf.tensor1d([-1, 0, 1])); // -0.2, 0, 1
 * ```
 */
export function activationFunction(activation: Activation): (x: Tensor) => Tensor {
  if (typeof activation === 'function') return activation;
  if (typeof activation === 'object' && activation !== null) return leakyReluOfSlope(activation);
  checkOneOf('activationFunction', 'activation', activation, Object.keys(activations) as ActivationName[]);
  return activations[activation];
}

function leakyReluOfSlope(activation: LeakyReluOfSlope): (x: Tensor) => Tensor {
  checkOptions('activationFunction', activation, ['name', 'slope'], 'activation');
  const { name, slope } = activation;
  checkOneOf('activationFunction', 'activation.name', name, ['leakyRelu']);
  checkNumber('activationFunction', 'activation.slope', slope);
  return (x) => leakyRelu(x, { slope });
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
