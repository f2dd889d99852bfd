import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import {
  checkOptimizerOptions,
  DECAY,
  NOT_NEGATIVE,
  type OptimizerFactory,
  optimizerFactory,
  type UpdateRule,
} from './optimizer';
import type { Schedule } from './schedule';

/** Options of the Adam family. */
export interface AdamFamilyOptions {
  /** @defaultValue 1e-3 */
  readonly learningRate?: number | Schedule;
  /**
   * Decay of the mean gradient, in [0, 1).
   * @defaultValue 0.9
   */
  readonly beta1?: number;
  /**
   * Decay of the mean squared gradient, in [0, 1).
   * @defaultValue 0.999
   */
  readonly beta2?: number;
  /**
   * Added to the denominator.
   * @defaultValue 1e-8
   */
  readonly epsilon?: number;
}

export interface AdamOptions extends AdamFamilyOptions {
  /**
   * Added to the mean squared gradient, under the root. Programs that use it set `epsilon` to 0.
   * @defaultValue 0
   */
  readonly rootEpsilon?: number;
  /**
   * $\lambda$ of a penalty $\tfrac{\lambda}{2} \lVert w \rVert^2$ on all weights, whose gradient $\lambda w$ joins that of the loss and
   * is scaled with it (PyTorch's `weight_decay`). {@link adamW} shrinks the weights directly instead.
   * @defaultValue 0
   */
  readonly l2?: number;
}

export interface AdamWOptions extends AdamFamilyOptions {
  /**
   * Shrinks the weights by `learningRate * weightDecay` at each step.
   * @defaultValue 1e-2
   */
  readonly weightDecay?: number;
}

/** The ranges of the options of the Adam family. */
const ADAM_RANGES = { beta1: DECAY, beta2: DECAY, epsilon: NOT_NEGATIVE };

/**
 * Adam, $w \leftarrow w - \eta\, \hat m / (\sqrt{\hat v + \epsilon_r} + \epsilon)$, with PyTorch's conventions and defaults.
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Adam: a method for stochastic optimization (Kingma and Ba, 2015), Algorithm 1
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 2, key });
 * const optimizer = adam({ learningRate: cosineSchedule(1e-3, { steps: 1000 }) });
 * await fit(model, planeDataset(twoMoons(), { key }), { key, optimizer, batchSize: 100, epochs: 100 });
 * ```
 */
export function adam(options: AdamOptions = {}): OptimizerFactory {
  checkOptimizerOptions('adam', options, { ...ADAM_RANGES, rootEpsilon: NOT_NEGATIVE, l2: NOT_NEGATIVE });
  const {
    learningRate = 1e-3,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    rootEpsilon = 0,
    l2 = 0,
  } = options;
  const hyperparameters = { beta1, beta2, epsilon, rootEpsilon, l2 };
  return optimizerFactory('adam', learningRate, hyperparameters, adamRule(hyperparameters));
}

/**
 * Adam with decoupled weight decay, with PyTorch's conventions and defaults.
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Decoupled weight decay regularization (Loshchilov and Hutter, 2019), Algorithm 2
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 2, key });
 * const optimizer = adamW({ learningRate: 1e-3, weightDecay: 0.1 });
 * await fit(model, planeDataset(twoMoons(), { key }), { key, optimizer, batchSize: 100, epochs: 100 });
 * ```
 */
export function adamW(options: AdamWOptions = {}): OptimizerFactory {
  checkOptimizerOptions('adamW', options, { ...ADAM_RANGES, weightDecay: NOT_NEGATIVE });
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 1e-2 } = options;
  return optimizerFactory(
    'adamW',
    learningRate,
    { beta1, beta2, epsilon, weightDecay },
    adamRule({ beta1, beta2, epsilon, weightDecay }),
  );
}

type AdamSlot = 'm' | 'v';
type AdamFactors = Readonly<Record<'rate' | 'floor' | 'rootFloor' | 'shrink', Tensor>>;

interface AdamHyperparameters {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly rootEpsilon?: number;
  readonly l2?: number;
  readonly weightDecay?: number;
}

/**
 * The slots are decayed *sums*, $M = m / (1 - \beta_1)$ and $V = v / (1 - \beta_2)$; the constant factors become
 * scalars of the step. This takes ten passes over the weights instead of the thirteen of the textbook form.
 */
export function adamRule({
  beta1,
  beta2,
  epsilon,
  rootEpsilon = 0,
  l2 = 0,
  weightDecay = 0,
}: AdamHyperparameters): UpdateRule<AdamSlot, AdamFactors> {
  return {
    slots: ['m', 'v'],
    factors({ learningRate, step }) {
      // sqrt(v / (1 - beta2^t)) = scale * sqrt(V)
      const scale = tf.sqrt(tf.div(1 - beta2, biasCorrection(beta2, step)));
      return {
        rate: tf.div(tf.mul(learningRate, 1 - beta1), tf.mul(biasCorrection(beta1, step), scale)),
        floor: tf.div(epsilon, scale),
        rootFloor: tf.div(rootEpsilon, tf.square(scale)),
        shrink: tf.sub(1, tf.mul(learningRate, weightDecay)),
      };
    },
    update(weight, gradient, slots, { rate, floor, rootFloor, shrink }) {
      const w = weightDecay === 0 ? weight : tf.mul(weight, shrink);
      const g = l2 === 0 ? gradient : tf.add(gradient, tf.mul(weight, l2));
      const m = tf.add(tf.mul(slots.m, beta1), g);
      const v = tf.add(tf.mul(slots.v, beta2), tf.square(g));
      const root = tf.sqrt(rootEpsilon === 0 ? v : tf.add(v, rootFloor));
      return { weight: tf.sub(w, tf.mul(rate, tf.div(m, tf.add(root, floor)))), m, v };
    },
    pass(before, after, { rate, floor, rootFloor, shrink }) {
      const { fround, sqrt } = Math;
      const decay1 = fround(beta1);
      const decay2 = fround(beta2);
      const penalty = fround(l2);
      // Bound to names, arrays are not looked up again for each number: that takes as long as the arithmetic.
      const { weight, gradient, m, v } = before;
      const { weight: newWeight, m: newM, v: newV } = after;
      for (let i = 0; i < weight.length; i++) {
        const w = weight[i]!;
        const g = fround(gradient[i]! + fround(w * penalty));
        const mean = fround(fround(m[i]! * decay1) + g);
        const square = fround(fround(v[i]! * decay2) + fround(g * g));
        const root = fround(sqrt(fround(square + rootFloor)));
        newM[i] = mean;
        newV[i] = square;
        newWeight[i] = fround(fround(w * shrink) - fround(rate * fround(mean / fround(root + floor))));
      }
    },
  };
}

/**
 * Adamax, Adam under the infinity norm:
 * $u \leftarrow \max(\beta_2 u, |g| + \epsilon),\; w \leftarrow w - \frac{\eta}{1 - \beta_1^t}\, m / u$,
 * with PyTorch's conventions and defaults. The slot `m` is the decayed sum $m / (1 - \beta_1)$, which saves a pass.
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Adam: a method for stochastic optimization (Kingma and Ba, 2015), Algorithm 2
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 2, key });
 * const optimizer = adamax({ learningRate: 2e-3 });
 * await fit(model, planeDataset(twoMoons(), { key }), { key, optimizer, batchSize: 100, epochs: 100 });
 * ```
 */
export function adamax(options: AdamFamilyOptions = {}): OptimizerFactory {
  checkOptimizerOptions('adamax', options, ADAM_RANGES);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const hyperparameters = { beta1, beta2, epsilon };
  return optimizerFactory('adamax', learningRate, hyperparameters, adamaxRule(hyperparameters));
}

export function adamaxRule({
  beta1,
  beta2,
  epsilon,
}: Readonly<Record<'beta1' | 'beta2' | 'epsilon', number>>): UpdateRule<
  'm' | 'u',
  { readonly rate: Tensor }
> {
  return {
    slots: ['m', 'u'],
    factors: ({ learningRate, step }) => ({
      rate: tf.div(tf.mul(learningRate, 1 - beta1), biasCorrection(beta1, step)),
    }),
    update(w, g, slots, { rate }) {
      const m = tf.add(tf.mul(slots.m, beta1), g);
      const u = tf.maximum(tf.mul(slots.u, beta2), tf.add(tf.abs(g), epsilon));
      return { weight: tf.sub(w, tf.mul(rate, tf.div(m, u))), m, u };
    },
    pass(before, after, { rate }) {
      const { fround, abs, max } = Math;
      const decay1 = fround(beta1);
      const decay2 = fround(beta2);
      const least = fround(epsilon);
      // Bound to names, arrays are not looked up again for each number: that takes as long as the arithmetic.
      const { weight, gradient, m, u } = before;
      const { weight: newWeight, m: newM, u: newU } = after;
      for (let i = 0; i < weight.length; i++) {
        const g = gradient[i]!;
        const mean = fround(fround(m[i]! * decay1) + g);
        const bound = max(fround(u[i]! * decay2), fround(abs(g) + least));
        newM[i] = mean;
        newU[i] = bound;
        newWeight[i] = fround(weight[i]! - fround(rate * fround(mean / bound)));
      }
    },
  };
}

/**
 * $1 - \beta^t$ in float32 without cancellation.
 *
 * At $\beta = 0.999, t = 1$ the direct formula has only four right digits. With $h = \tanh(-\tfrac12 t \ln \beta)$
 * it is $2h / (1 + h)$, of ops that every backend has.
 */
function biasCorrection(beta: number, step: Scalar): Scalar {
  return tf.tidy(() => {
    const h = tf.tanh(tf.mul(step, -0.5 * Math.log(beta)));
    return tf.div(tf.mul(h, 2), tf.add(h, 1));
  });
}
