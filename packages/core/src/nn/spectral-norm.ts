import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { withGradient } from '../ops/differentiable';
import { checkInteger, checkNumber, checkOptions } from '../check/check';
import type { CallOptions } from './layer';
import { BaseWeight, type Parametrization, type WeightLayout } from './weight';

export interface SpectralNormOptions {
  /** The spectral norm that the kernel gets, above 0. Below 1, a residual block can be inverted. @defaultValue 1 */
  readonly coefficient?: number;
  /** Steps of power iteration in each call while training. @defaultValue 1 */
  readonly iterations?: number;
  /** Whether kernels whose norm is below `coefficient` stay as they are. @defaultValue false */
  readonly shrinkOnly?: boolean;
}

/** Steps of power iteration at the start, so that the first calls see nearly the right norm. */
const INITIAL_ITERATIONS = 15;

/** Keeps the length of a vector from 0, as PyTorch does. */
const EPSILON = 1e-12;

/**
 * Spectral normalization: the kernel is $c\, W / \sigma(W)$ with the largest singular value
 * $\sigma(W) = u^\top W v$, whose vectors follow W by power iteration.
 *
 * The vectors are state that is not learned. They move in calls with `training` only; gradients take them as constants.
 * A convolution's kernel counts as the matrix of its outputs by everything else; the norm of the convolution itself is
 * at most $\sqrt{\text{height} \cdot \text{width}}$ times as large.
 *
 * @returns what layers take as their option `weight`
 * @throws {@link ArgumentError} for an option out of its range.
 * @see Spectral Normalization for Generative Adversarial Networks (Miyato et al., 2018), Algorithm 1
 *
 * @example
 * ```ts
 * const critic = new Sequential([
 *   new Dense({ inputs: 64, outputs: 128, key: key.fold(0), weight: spectralNorm() }),
 *   new ActivationLayer('leakyRelu'),
 *   new Dense({ inputs: 128, outputs: 1, key: key.fold(1), weight: spectralNorm() }),
 * ]);
 * ```
 */
export function spectralNorm({
  coefficient = 1,
  iterations = 1,
  shrinkOnly = false,
  ...unknown
}: SpectralNormOptions = {}): Parametrization {
  checkOptions('spectralNorm', unknown, ['coefficient', 'iterations', 'shrinkOnly']);
  checkInteger('spectralNorm', 'iterations', iterations);
  checkNumber('spectralNorm', 'coefficient', coefficient, { above: 0 });
  return record(
    (initial, layout) => new SpectralWeight(initial, layout, { coefficient, iterations, shrinkOnly }),
    'spectralNorm',
    arguments,
  );
}

class SpectralWeight extends BaseWeight {
  readonly #raw: Variable;
  /** The singular vector of the outputs, `[outputs, 1]`. */
  readonly #u: Variable;
  /** The singular vector of everything else, `[rest, 1]`. */
  readonly #v: Variable;
  readonly #outputAxis: number;
  readonly #options: Required<SpectralNormOptions>;

  constructor(initial: Tensor, { outputAxis, key }: WeightLayout, options: Required<SpectralNormOptions>) {
    super();
    this.#outputAxis = outputAxis;
    this.#options = options;
    const [u, v] = tf.tidy(() => {
      const start = unit(key.normal([initial.shape[outputAxis]!, 1]));
      return powerIteration(this.#matrix(initial), start, INITIAL_ITERATIONS);
    });
    this.#raw = this.parameter('raw', initial);
    this.#u = this.parameter('u', u, { trainable: false });
    this.#v = this.parameter('v', v, { trainable: false });
  }

  value({ training = false }: CallOptions): Tensor {
    const { coefficient, shrinkOnly } = this.#options;
    const [u, v] = this.#singularVectors(training);
    const sigma = tf.sum(tf.mul(v, tf.matMul(this.#matrix(this.#raw), u)));
    // max(sigma, coefficient) in terms that have a second derivative.
    const divisor = shrinkOnly ? tf.add(coefficient, tf.relu(tf.sub(sigma, coefficient))) : sigma;
    return tf.mul(this.#raw, tf.div(coefficient, divisor));
  }

  /** The vectors of this call. They are copies: a second call before the backward pass moves the variables. */
  #singularVectors(training: boolean): [Tensor, Tensor] {
    // One operation with gradient 0, so that the backward pass does not run through the iteration.
    const both = withGradient(
      [this.#raw],
      ([raw]) => {
        const { iterations } = this.#options;
        return tf.concat(
          training ? powerIteration(this.#matrix(raw!), this.#u, iterations) : [this.#u, this.#v],
        );
      },
      (_, [raw]) => [tf.zerosLike(raw!)],
    );
    const [u, v] = tf.split(both, [this.#u.shape[0]!, this.#v.shape[0]!]) as [Tensor, Tensor];
    if (training) {
      this.#u.assign(u);
      this.#v.assign(v);
    }
    return [u, v];
  }

  /** The kernel as `[rest, outputs]`. */
  #matrix(kernel: Tensor): Tensor {
    const axes = kernel.shape.map((_, axis) => axis).filter((axis) => axis !== this.#outputAxis);
    const isLast = this.#outputAxis === kernel.rank - 1;
    const outputsLast = isLast ? kernel : tf.transpose(kernel, [...axes, this.#outputAxis]);
    return tf.reshape(outputsLast, [-1, kernel.shape[this.#outputAxis]!]);
  }
}

/** Moves `u` towards the singular vector of the largest singular value; returns it and its partner. */
function powerIteration(matrix: Tensor, u: Tensor, iterations: number): [Tensor, Tensor] {
  const step = ([left]: [Tensor, Tensor]): [Tensor, Tensor] => {
    const v = unit(tf.matMul(matrix, left));
    return [unit(tf.matMul(matrix, v, true)), v];
  };
  const first = step([u, u]);
  return Array.from({ length: iterations - 1 }).reduce<[Tensor, Tensor]>(step, first);
}

function unit(x: Tensor): Tensor {
  return tf.div(x, tf.maximum(tf.sqrt(tf.sum(tf.square(x))), EPSILON));
}
