import { BaseModule, checkOptions, Dense, type Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { smoothActivation, type SmoothActivationName } from './activations';
import { SmoothChain, type SmoothFunction, type SmoothMap } from './smooth-map';
import { spectralNormBound } from './spectral-norm-bound';

export interface SmoothMlpOptions {
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** @defaultValue `tanh` */
  readonly activation?: SmoothActivationName;
  /**
   * The number of conditions, which shift the output of each affine map.
   * @defaultValue none
   */
  readonly conditions?: number;
  /**
   * Whether the map must not move any two points apart.
   * @defaultValue false
   */
  readonly isContraction?: boolean;
}

/**
 * A multilayer perceptron that computes products with its Jacobian.
 * @param sizes - the number of inputs, of each layer of hidden units, and of outputs
 *
 * @example
 * ```ts
 * const field = smoothMlp([2, 64, 2], { key, conditions: 1 }); // the time is a condition
 * const layer = new ContinuousFlow({ dims: 2, field });
 * const model = flow({ layers: [layer], eventShape: [2] });
 * ```
 */
export function smoothMlp(
  sizes: readonly number[],
  { key, activation = 'tanh', conditions = 0, isContraction = false, ...unknown }: SmoothMlpOptions,
): SmoothMap {
  checkOptions('smoothMlp', unknown, ['key', 'activation', 'conditions', 'isContraction']);
  let inputs = sizes[0]!;
  const layers = sizes.slice(1).flatMap((outputs, index): SmoothMap[] => {
    const affine = new AffineMap({ inputs, outputs, key: key.fold(index), conditions, isContraction });
    if (index === sizes.length - 2) return [affine];
    const { map, outputsPerInput } = smoothActivation(activation);
    inputs = outputs * outputsPerInput;
    return [affine, map];
  });
  return record(new SmoothChain(layers), 'smoothMlp', arguments);
}

interface AffineMapOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Randomness for the initial weights, which are PyTorch's: uniform on $\pm 1/\sqrt{\text{inputs}}$. */
  readonly key: Key;
  /**
   * The number of conditions, which shift the output.
   * @defaultValue none
   */
  readonly conditions?: number;
  /**
   * Whether the kernel is divided by its spectral norm if that is above 1.
   * @defaultValue false
   */
  readonly isContraction?: boolean;
}

/**
 * $f(x) = x K + b + c\,K_c$ for conditions c. As a contraction its K is $W / \max(1, \bar\sigma(W))$ with a bound
 * $\bar\sigma$ on the spectral norm, so that no two points move apart. The conditions are not constrained.
 */
export class AffineMap extends BaseModule implements SmoothMap {
  readonly #kernel: Variable;
  readonly #bias: Variable;
  readonly #moved: Dense | undefined;
  readonly #isContraction: boolean;

  constructor({ inputs, outputs, key, conditions = 0, isContraction = false }: AffineMapOptions) {
    super();
    const limit = 1 / Math.sqrt(inputs);
    const range = { min: -limit, max: limit };
    this.#kernel = this.parameter('kernel', key.fold('kernel').uniform([inputs, outputs], range));
    this.#bias = this.parameter('bias', key.fold('bias').uniform([outputs], range));
    const moved = { inputs: conditions, outputs, key: key.fold('conditions'), bias: false };
    this.#moved = conditions === 0 ? undefined : this.child('conditions', new Dense(moved));
    this.#isContraction = isContraction;
  }

  given(conditions?: Tensor): SmoothFunction {
    const kernel = this.#isContraction ? contracted(this.#kernel) : this.#kernel;
    const isMoved = this.#moved !== undefined && conditions !== undefined;
    const shift = isMoved ? tf.add(this.#bias, this.#moved.apply(conditions)) : this.#bias;
    const apply = (x: Tensor): Tensor => tf.add(tf.matMul(x, kernel), shift);
    return {
      apply,
      linearize: (x) => ({
        value: apply(x),
        push: (v) => rowsTimes(v, kernel, false),
        pull: (w) => rowsTimes(w, kernel, true),
      }),
    };
  }
}

function contracted(kernel: Tensor): Tensor {
  const excess = tf.relu(tf.sub(spectralNormBound(kernel), 1));
  return tf.div(kernel, tf.add(1, excess));
}

/** One product for all directions: `[k, n, a]` times a matrix. */
function rowsTimes(directions: Tensor, matrix: Tensor, isTransposed: boolean): Tensor {
  const [k, n, size] = directions.shape as [number, number, number];
  const product = tf.matMul(tf.reshape(directions, [k * n, size]), matrix, false, isTransposed);
  return tf.reshape(product, [k, n, -1]);
}
