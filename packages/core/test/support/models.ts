import {
  BaseModule,
  checkSampling,
  leadingShape,
  oneHot,
  recordConstruction,
  type BoundModel,
  type Examples,
  type Key,
  type LikelihoodModel,
  type Objective,
  type SampleOptions,
  type Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';

/** What the models of these tests are recorded under, so that they can be written to files. */
export const SUPPORT = { package: 'core-test-support', version: '0.0.0' };

/** Independent categorical entries: the simplest exact model of discrete data. */
export class FactorizedCategorical extends BaseModule implements LikelihoodModel {
  readonly likelihoodKind = 'exact';
  readonly eventShape: Shape;
  readonly #levels: number;
  readonly #logits: Variable;

  constructor({ dims, levels, key }: { readonly dims: number; readonly levels: number; readonly key: Key }) {
    super();
    this.eventShape = [dims];
    this.#levels = levels;
    this.#logits = this.parameter('logits', key.normal([dims, levels]));
    recordConstruction(this, { ...SUPPORT, name: 'FactorizedCategorical', args: [{ dims, levels, key }] });
  }

  logProb(x: Tensor): Tensor {
    leadingShape(x.shape, this.eventShape, 'FactorizedCategorical.logProb', 'x');
    return tf.tidy(() => {
      const chosen = oneHot(x, { depth: this.#levels });
      return tf.sum(tf.mul(chosen, tf.logSoftmax(this.#logits)), [1, 2]);
    });
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('FactorizedCategorical.sample', { key, n, options });
    return tf.tidy(() => tf.cast(key.categorical(this.#logits, [n]), 'float32'));
  }

  objectives(): readonly Objective[] {
    const loss = (x: Tensor): { total: Scalar } => ({
      total: tf.tidy(() => tf.neg(tf.mean<Scalar>(this.logProb(x)))),
    });
    return [{ name: 'nll', parameters: [this.#logits], loss }];
  }
}

/**
 * Probabilistic PCA with one latent, $x = w z + \sigma \epsilon$, and a deliberately loose Gaussian posterior
 * $q(z|x) = N(v^\top x, s^2)$: bound, importance weights and exact likelihood are all known.
 */
export class TinyVae extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly #weight: Variable;
  readonly #encoder: Variable;
  readonly #logStd: Variable;
  readonly #noiseStd = 0.5;

  constructor({ dims, key }: { readonly dims: number; readonly key: Key }) {
    super();
    this.eventShape = [dims];
    this.#weight = this.parameter('decoder', key.fold('decoder').normal([1, dims]));
    this.#encoder = this.parameter('encoder', key.fold('encoder').normal([dims, 1]));
    this.#logStd = this.parameter('logStd', tf.scalar(0));
    recordConstruction(this, { ...SUPPORT, name: 'TinyVae', args: [{ dims, key }] });
  }

  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => tf.squeeze(this.logWeights(x, key, 1), [0]));
  }

  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    leadingShape(x.shape, this.eventShape, 'TinyVae.logWeights', 'x');
    return tf.tidy(() => {
      const [n, dims] = x.shape as [number, number];
      const noise = key.normal([numSamples, n, 1]);
      const z = tf.add(tf.matMul(x, this.#encoder), tf.mul(tf.exp(this.#logStd), noise));
      const residual = tf.div(tf.sub(x, tf.mul(z, tf.reshape(this.#weight, [1, 1, dims]))), this.#noiseStd);
      const logLikelihood = tf.sub(
        tf.mul(-0.5, tf.sum(tf.square(residual), 2)),
        dims * (0.5 * Math.log(2 * Math.PI) + Math.log(this.#noiseStd)),
      );
      const logPrior = tf.mul(-0.5, tf.sum(tf.square(z), 2));
      const logPosterior = tf.sub(tf.mul(-0.5, tf.sum(tf.square(noise), 2)), this.#logStd);
      return tf.sub(tf.add(logLikelihood, logPrior), logPosterior);
    });
  }

  /** ln N(x; 0, w wᵀ + σ² I) on the host, in doubles. */
  exactLogProb(x: Float32Array): number {
    const w = this.#weight.dataSync();
    const variance = this.#noiseStd ** 2;
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a, (_, i) => a[i]! * b[i]!).reduce((p, q) => p + q, 0);
    const norm = dot(w, w);
    const quadratic = (dot(x, x) - dot(w, x) ** 2 / (variance + norm)) / variance;
    const logDet = Math.log(1 + norm / variance) + w.length * Math.log(variance);
    return -0.5 * (quadratic + logDet + w.length * Math.log(2 * Math.PI));
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('TinyVae.sample', { key, n, options });
    return tf.tidy(() =>
      tf.add(
        tf.matMul(key.fold('z').normal([n, 1]), tf.reshape(this.#weight, [1, -1])),
        tf.mul(key.fold('x').normal([n, this.eventShape[0]!]), this.#noiseStd),
      ),
    );
  }

  objectives(): readonly Objective[] {
    const loss = (x: Tensor, key: Key): { total: Scalar; elbo: Scalar } => {
      const elbo = tf.tidy(() => tf.mean<Scalar>(this.elbo(x, key)));
      return { total: tf.neg(elbo), elbo };
    };
    return [{ name: 'elbo', parameters: [this.#weight, this.#encoder, this.#logStd], loss }];
  }
}

/** Draws of a correlated Gaussian, as examples. */
export function gaussianExamples(key: Key, count: number, dims = 3): Examples {
  const generator = key.generator();
  const values = new Float32Array(count * dims);
  for (let row = 0; row < count; row++) {
    const shared = generator.normal();
    for (let entry = 0; entry < dims; entry++) {
      values[row * dims + entry] = (entry + 1) * 0.5 * shared + 0.5 * generator.normal();
    }
  }
  return { count, shape: [dims], values };
}

/** Integers with a different, uneven distribution in each entry. */
export function countExamples(key: Key, count: number, { dims = 4, levels = 5 } = {}): Examples {
  const generator = key.generator();
  const values = Uint8Array.from({ length: count * dims }, (_, index) =>
    Math.floor(levels * generator.uniform() ** (1 + (index % dims))),
  );
  return { count, shape: [dims], values };
}
