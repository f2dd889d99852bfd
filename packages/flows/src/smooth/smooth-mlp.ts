import type { Key } from '@dgm/core';
import { smoothActivation, type SmoothActivationName } from './activations';
import { AffineMap } from './affine-map';
import { SmoothChain, type SmoothMap } from './smooth-map';

export interface SmoothMlpOptions {
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** @defaultValue `tanh` */
  readonly activation?: SmoothActivationName;
  /**
   * The number of conditions, which move the output of each affine map.
   * @defaultValue none
   */
  readonly conditions?: number;
  /**
   * Whether no two points may move apart.
   * @defaultValue they may
   */
  readonly isContraction?: boolean;
}

/**
 * A multilayer perceptron that knows its Jacobian.
 * @param sizes - the number of inputs, of each layer of hidden units, and of outputs
 */
export function smoothMlp(
  sizes: readonly number[],
  { key, activation = 'tanh', conditions = 0, isContraction = false }: SmoothMlpOptions,
): SmoothMap {
  let inputs = sizes[0]!;
  const layers = sizes.slice(1).flatMap((outputs, index): SmoothMap[] => {
    const affine = new AffineMap({ inputs, outputs, key: key.fold(index), conditions, isContraction });
    if (index === sizes.length - 2) return [affine];
    const { map, outputsPerInput } = smoothActivation(activation);
    inputs = outputs * outputsPerInput;
    return [affine, map];
  });
  return new SmoothChain(layers);
}
