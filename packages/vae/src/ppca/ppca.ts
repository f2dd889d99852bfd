import {
  BaseModule,
  checkOptions,
  checkSampling,
  checkShape,
  type Distribution,
  DomainError,
  type Key,
  type LikelihoodModel,
  MultivariateNormal,
  type Objective,
  type SampleOptions,
  type Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { record } from '../record';

/** The parameters of Eq. 4.2, in doubles on the host. */
export interface PpcaParameters {
  /** W, `[D, M]`. */
  readonly weights: readonly (readonly number[])[];
  /** b, `[D]`. */
  readonly bias: readonly number[];
  /** $\sigma^2$, positive. */
  readonly noiseVariance: number;
}

/**
 * Probabilistic PCA, $x = W z + b + \varepsilon$ with $z \sim \mathcal{N}(0, I)$ and
 * $\varepsilon \sim \mathcal{N}(0, \sigma^2 I)$: the linear latent-variable model, whose integrals all have closed
 * forms.
 *
 * `ppcaMaximumLikelihood` and `ppcaExpectationMaximization` learn the parameters from data; this function takes them
 * as given.
 * @throws DomainError if the noise variance is not positive
 * @see DGM §4.2. Probabilistic Principal Component Analysis (Tipping and Bishop, 1999)
 *
 * @example
 * ```ts
 * const model = ppca({ weights: [[1], [0.5]], bias: [0, 0], noiseVariance: 0.1 });
 * ```
 */
export function ppca(parameters: PpcaParameters): Ppca {
  return record(new Ppca(parameters), 'ppca', arguments);
}

/** The class of {@link ppca}. */
export class Ppca extends BaseModule implements LikelihoodModel {
  readonly likelihoodKind = 'exact';
  readonly eventShape: Shape;
  readonly latentShape: Shape;
  readonly #weights: Variable;
  readonly #bias: Variable;
  readonly #noiseVariance: Variable;
  /** $W M^{-1}$, `[D, M]`: the mean of the posterior is $(x - b)\, W M^{-1}$. */
  readonly #gain: Variable;
  /** L with $L L^T = \sigma^2 M^{-1}$, the posterior's covariance. */
  readonly #posteriorFactor: Variable;
  /** $\ln |\det (W W^T + \sigma^2 I)|$. */
  readonly #logDeterminant: Variable;

  constructor({ weights, bias, noiseVariance, ...unknown }: PpcaParameters) {
    super();
    checkOptions('Ppca', unknown, ['weights', 'bias', 'noiseVariance']);
    requirePositive(noiseVariance);
    const W = new Matrix(weights as number[][]);
    const { gain, posteriorFactor, logDeterminant } = derived(W, noiseVariance);
    const state = (name: string, value: Tensor) => this.parameter(name, value, { trainable: false });
    this.eventShape = [W.rows];
    this.latentShape = [W.columns];
    this.#weights = state('weights', tf.tensor2d(W.to2DArray()));
    this.#bias = state('bias', tf.tensor1d([...bias]));
    this.#noiseVariance = state('noiseVariance', tf.scalar(noiseVariance));
    this.#gain = state('gain', tf.tensor2d(gain.to2DArray()));
    this.#posteriorFactor = state('posteriorFactor', tf.tensor2d(posteriorFactor.to2DArray()));
    this.#logDeterminant = state('logDeterminant', tf.scalar(logDeterminant));
  }

  /**
   * $p(z|x) = \mathcal{N}(z | M^{-1} W^T (x - b), \sigma^2 M^{-1})$ with $M = W^T W + \sigma^2 I$; Eq. 4.7 prints the
   * covariance $\sigma^{-2} M$. It borrows tensors: call it inside `tf.tidy`.
   * @param x - `[n, D]`
   */
  encode(x: Tensor): Distribution {
    this.#check(x, this.eventShape, 'encode', 'x');
    return MultivariateNormal.lowerTriangular(this.#posteriorMean(x), this.#posteriorFactor);
  }

  /** $W z + b$, the mean of $p(x|z)$ (Eq. 4.3), `[n, D]`, of z, `[n, M]`. */
  decode(z: Tensor): Tensor {
    this.#check(z, this.latentShape, 'decode', 'z');
    return tf.tidy(() => tf.add(tf.matMul(z, this.#weights, false, true), this.#bias));
  }

  /**
   * $\ln \mathcal{N}(x | b, W W^T + \sigma^2 I)$ in nats, `[n]` (Eq. 4.6).
   *
   * The quadratic form is $\|x - b - W\bar z\|^2 / \sigma^2 + \|\bar z\|^2$ at the posterior's mean $\bar z$: a sum
   * of squares, whereas the Woodbury identity subtracts two large numbers.
   */
  logProb(x: Tensor): Tensor {
    this.#check(x, this.eventShape, 'logProb', 'x');
    return tf.tidy(() => {
      const mean = this.#posteriorMean(x);
      const residual = tf.sub(x, this.decode(mean));
      const quadratic = tf.add(
        tf.div(tf.sum(tf.square(residual), 1), this.#noiseVariance),
        tf.sum(tf.square(mean), 1),
      );
      const logVolume = tf.add(this.eventShape[0]! * Math.log(2 * Math.PI), this.#logDeterminant);
      return tf.mul(-0.5, tf.add(logVolume, quadratic));
    });
  }

  /** Ancestral sampling, `[n, D]`. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('Ppca.sample', { key, n, options });
    return tf.tidy(() => {
      const z = key.fold('z').normal([n, ...this.latentShape]);
      const noise = key.fold('x').normal([n, ...this.eventShape]);
      return tf.add(this.decode(z), tf.mul(tf.sqrt(this.#noiseVariance), noise));
    });
  }

  /** None: the maximum of the likelihood has a closed form. */
  objectives(): readonly Objective[] {
    return [];
  }

  #posteriorMean(x: Tensor): Tensor {
    return tf.matMul(tf.sub(x, this.#bias), this.#gain);
  }

  #check(x: Tensor, shape: Shape, method: string, argument: string): void {
    checkShape(`Ppca.${method}`, argument, x, ['n', ...shape]);
  }
}

/** The matrices that the densities need, in doubles. */
function derived(W: Matrix, noiseVariance: number) {
  const M = W.transpose().mmul(W).add(Matrix.eye(W.columns).mul(noiseVariance));
  const { inverse, logDeterminant } = invertPositiveDefinite(M);
  return {
    gain: W.mmul(inverse),
    posteriorFactor: new CholeskyDecomposition(Matrix.mul(inverse, noiseVariance)).lowerTriangularMatrix,
    logDeterminant: (W.rows - W.columns) * Math.log(noiseVariance) + logDeterminant,
  };
}

function requirePositive(noiseVariance: number): void {
  if (noiseVariance > 0) return;
  throw new DomainError({
    where: 'ppca',
    argument: 'noiseVariance',
    expected: 'to be positive',
    actual: String(noiseVariance),
    remedy: 'the data lie in fewer dimensions than they are given in: ask for fewer latent variables',
  });
}

/** Inverse and log-determinant of a symmetric positive definite matrix, by its Cholesky decomposition. */
export function invertPositiveDefinite(matrix: Matrix): { inverse: Matrix; logDeterminant: number } {
  const cholesky = new CholeskyDecomposition(matrix);
  const inverse = cholesky.solve(Matrix.eye(matrix.rows));
  const pivots = cholesky.lowerTriangularMatrix.diagonal();
  return {
    // A solver leaves rounding in the last bits, and the next decomposition wants exact symmetry.
    inverse: Matrix.add(inverse, inverse.transpose()).mul(0.5),
    logDeterminant: 2 * pivots.reduce((sum, pivot) => sum + Math.log(pivot), 0),
  };
}
