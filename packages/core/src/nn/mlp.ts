import { record } from '../construction/record';
import { checkKey, type Key } from '../random/key';
import { formatShape } from '../shape/shape';
import { activationFunction, ActivationLayer, type Activation } from './activation';
import { checkInteger, checkOptions, checkThat } from '../check/check';
import { Dense } from './dense';
import type { Layer } from './layer';
import { Sequential } from './sequential';
import type { Parametrization } from './weight';

export interface MlpOptions {
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** Between two dense layers. @defaultValue 'relu' */
  readonly activation?: Activation;
  /** After the last layer. @defaultValue none */
  readonly outputActivation?: Activation;
  /** What the kernels are computed from. @defaultValue plain variables */
  readonly weight?: Parametrization;
}

/**
 * A multilayer perceptron: dense layers with an activation between them.
 *
 * @param sizes - the number of inputs, of each layer of hidden units, and of outputs
 * @returns a layer from `[..., sizes[0]]` to `[..., sizes.at(-1)]`
 * @throws {@link ArgumentError} if there are fewer than two sizes, or one is not a positive integer.
 *
 * @example
 * ```ts
 * const encoder = mlp([64, 256, 256, 32], { key: Key.of(0), activation: 'leakyRelu' });
 * ```
 */
export function mlp(sizes: readonly number[], options: MlpOptions): Layer {
  checkOptions('mlp', options, ['key', 'activation', 'outputActivation', 'weight']);
  const { key, activation = 'relu', outputActivation, weight } = options;
  checkKey('mlp', key);
  checkThat('mlp', 'sizes', sizes.length >= 2, {
    expected: 'to hold the number of inputs and of outputs at least',
    actual: formatShape(sizes),
  });
  // Before the first layer, so that a bad size leaves no variables behind.
  sizes.forEach((size) => checkInteger('mlp', 'sizes', size));
  [activation, outputActivation].forEach((name) => name !== undefined && activationFunction(name));
  const layers = sizes.slice(1).flatMap((outputs, index): Layer[] => {
    const dense = new Dense({
      inputs: sizes[index]!,
      outputs,
      key: key.fold(index),
      ...(weight === undefined ? {} : { weight }),
    });
    const isLast = index === sizes.length - 2;
    const after = isLast ? outputActivation : activation;
    return after === undefined ? [dense] : [dense, new ActivationLayer(after)];
  });
  return record(new Sequential(layers), 'mlp', arguments);
}
