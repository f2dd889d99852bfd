import {
  BaseModule,
  checkContext,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkSecondDerivative,
  checkShape,
  checkSizes,
  disposeOnThrow,
  exactTrace,
  hutchinsonTrace,
  jacobianProductOf,
  runSamplingLoop,
  singleObjective,
  sizeOf,
} from '@dgm/core';
import type {
  CallOptions,
  GenerativeModel,
  Key,
  Layer,
  LoopSampledModel,
  Objective,
  SampleOptions,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { outputAs } from './checks';
import { record } from './record';

const objectives = ['denoising', 'exact', 'sliced'] as const;

export interface ScoreMatchingOptions {
  /** The shape of one example: of real numbers. */
  readonly shape: Shape;
  /** The score: maps x, `[n, ...shape]`, to as many numbers. The model owns it. */
  readonly network: Layer;
  /**
   * What is minimized; each has the score of the data, or of data with noise, as its minimum:
   *
   * - `denoising`: $\tfrac12 \mathbb E\, \|s(x + \sigma \epsilon) + \epsilon / \sigma\|^2$, for the score of data with noise
   * - `exact`: $\mathbb E\, [\mathrm{tr}\, \partial s / \partial x + \tfrac12 \|s(x)\|^2]$, with D gradients for D entries
   * - `sliced`: the same with an estimate of the trace, $v^\top (\partial s / \partial x)\, v$ for random signs v
   *
   * @defaultValue 'denoising'
   */
  readonly objective?: (typeof objectives)[number];
  /** $\sigma$ of `denoising`. @defaultValue 0.1 */
  readonly noiseStd?: number;
}

/** Options of `sample`. */
export interface LangevinSampleOptions extends SampleOptions {
  /** @defaultValue 200 */
  readonly steps?: number;
  /** $\epsilon$. @defaultValue 0.01 */
  readonly stepSize?: number;
}

/**
 * Score matching: a network learns the score $\nabla_x \ln p(x)$ of real data without their normalized density, and Langevin
 * dynamics draws by it,
 *
 * $$x \leftarrow x + \epsilon\, s(x) + \sqrt{2 \epsilon}\, \eta$$
 *
 * from standard normal draws. There is one level of noise: far from the data the score is not learned, so that chains find the
 * modes by luck. `gaussianDiffusion` with the parameterization `score` and {@link annealedLangevin} has many.
 *
 * @throws ArgumentError for an option that is unknown or out of its range
 * @throws UnsupportedError for `exact` and `sliced`, if second derivatives of the network are wrong in TensorFlow.js
 * @see Estimation of Non-Normalized Statistical Models by Score Matching (Hyvärinen, 2005), Eq. 4; A Connection Between Score
 * Matching and Denoising Autoencoders (Vincent, 2011), Eq. 9; Sliced Score Matching (Song et al., 2019), Eq. 8
 * @example
 * ```ts
 * const model = scoreMatching({ shape: [2], network: mlp([2, 64, 64, 2], { key, activation: 'swish' }), noiseStd: 0.1 });
 * ```
 */
export function scoreMatching(options: ScoreMatchingOptions): ScoreMatching {
  return record(
    disposeOnThrow(() => new ScoreMatching(options)),
    'scoreMatching',
    arguments,
  );
}

const OPTIONS = [
  'shape',
  'network',
  'objective',
  'noiseStd',
] as const satisfies readonly (keyof ScoreMatchingOptions)[];

/** Made by {@link scoreMatching}. */
export class ScoreMatching extends BaseModule implements GenerativeModel, LoopSampledModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly #network: Layer;
  readonly #objective: (typeof objectives)[number];
  readonly #noiseStd: number;

  constructor(options: ScoreMatchingOptions) {
    super();
    checkOptions('scoreMatching', options, OPTIONS);
    const { shape, network, objective = 'denoising', noiseStd = 0.1 } = options;
    const where = 'scoreMatching';
    checkSizes(where, 'shape', shape);
    checkGiven(where, 'network', network, 'to be a layer such as mlp()');
    checkOneOf(where, 'objective', objective, objectives);
    checkNumber(where, 'noiseStd', noiseStd, { above: 0 });
    this.eventShape = shape;
    this.#objective = objective;
    this.#noiseStd = noiseStd;
    this.#network = this.child('network', network);
    if (objective === 'denoising') return;
    tf.tidy(() => checkSecondDerivative(where, (x) => this.#score(x), tf.zeros([1, ...shape])));
  }

  /** The score $s(x)$, `[n, ...shape]`. */
  score(x: Tensor, call: CallOptions = {}): Tensor {
    checkShape('ScoreMatching.score', 'x', x, ['n', ...this.eventShape]);
    return tf.tidy(() => this.#score(x, call));
  }

  /** Draws `[n, ...shape]`, as far as Langevin dynamics gets in its steps. */
  sample(key: Key, n: number, options: LangevinSampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  /** Sampling as a loop, for an engine that compiles one. */
  samplingLoop(n: number, options: LangevinSampleOptions = {}): SamplingLoop {
    const where = 'ScoreMatching.sample';
    checkOptions(where, options, ['steps', 'stepSize', 'context']);
    const { steps = 200, stepSize = 0.01, context } = options;
    checkInteger(where, 'n', n, { min: 0 });
    checkInteger(where, 'steps', steps);
    checkNumber(where, 'stepSize', stepSize, { above: 0 });
    checkContext(where, context, { rows: n, contextSize: 0 });
    return {
      steps,
      inputs: {},
      start: (_, key) => ({ x: key.normal([n, ...this.eventShape]) }),
      next: ({ x }, _, key) =>
        tf.tidy(() => {
          const drifted = tf.add(x!, tf.mul(stepSize, this.#score(x!)));
          return { x: tf.add(drifted, tf.mul(Math.sqrt(2 * stepSize), key.normal(x!.shape))) };
        }),
      finish: ({ x }) => tf.clone(x!),
    };
  }

  /** One objective, the mean over the examples. It compares networks with each other: a lower mean is a better score. */
  objectives(): readonly Objective[] {
    return singleObjective(this, {
      name: this.#objective,
      loss: (x: Tensor, key: Key, { training }) => {
        checkShape('ScoreMatching.loss', 'x', x, ['n', ...this.eventShape]);
        const call = { training, key: key.fold('network') };
        const ofEach =
          this.#objective === 'denoising'
            ? this.#denoisingError(x, key.fold('noise').normal(x.shape), call)
            : this.#implicitError(x, key.fold('trace'), call);
        return { total: tf.div(tf.sum<Scalar>(ofEach), Math.max(1, x.shape[0]!)) };
      },
    }).map((objective) => ({ ...objective, validated: true }));
  }

  /** $\tfrac12 \|s(x + \sigma \epsilon) + \epsilon / \sigma\|^2$, the sum over the entries. */
  #denoisingError(x: Tensor, noise: Tensor, call: CallOptions): Tensor {
    const score = this.#score(tf.add(x, tf.mul(this.#noiseStd, noise)), call);
    return tf.mul(0.5, tf.square(tf.add(score, tf.div(noise, this.#noiseStd))));
  }

  /** $\mathrm{tr}\, \partial s / \partial x + \tfrac12 \|s(x)\|^2$, `[n]`. */
  #implicitError(x: Tensor, key: Key, call: CallOptions): Tensor {
    const rows = tf.reshape(x, [x.shape[0]!, sizeOf(this.eventShape)]);
    const score = (rows: Tensor): Tensor =>
      tf.reshape(this.#score(tf.reshape(rows, x.shape), call), rows.shape);
    const trace = this.#objective === 'exact' ? exactTrace() : hutchinsonTrace();
    const divergence = trace.of(trace.directions(rows, key), jacobianProductOf(score, rows));
    return tf.add(divergence, tf.mul(0.5, tf.sum(tf.square(score(rows)), 1)));
  }

  #score(x: Tensor, call: CallOptions = {}): Tensor {
    return outputAs('ScoreMatching', this.#network.apply(x, call), x.shape);
  }
}
