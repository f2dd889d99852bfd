import {
  BaseModule,
  checkGiven,
  checkInteger,
  checkOptions,
  disposeOnThrow,
  oneHot,
  runSamplingLoop,
  selectByMask,
  singleObjective,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionedBatch,
  Key,
  Layer,
  LoopSampledModel,
  Objective,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkDraws, checkedBatch, checkLevels, checkModel, outputAs } from './checks';
import { guided, withTimes } from './condition';
import { record } from './record';
import { meanOver, perExample, sumOverEvent } from './rows';
import { stratifiedTimes } from './stratified-times';

export interface MultinomialDiffusionOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /** How many values an entry can take: the integers from 0 to `levels` - 1. */
  readonly levels: number;
  /**
   * Maps noisy examples `[n, ...shape]`, integers as the data are, with the context `[n, 1 + contextSize]`, whose first column is
   * the time t / T, to logits `[n, ...shape, levels]`, which are added to the likelihood of each value; for example
   * {@link transformerDenoiser} with {@link oneHotEntries}. The model owns it.
   */
  readonly network: Layer;
  /** The number T of steps. @defaultValue 100 */
  readonly steps?: number;
  /** The width of the condition. @defaultValue 0 */
  readonly contextSize?: number;
}

/** Options of `sample`. */
export interface MultinomialSampleOptions {
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
  /**
   * Classifier-free guidance w: logits $o_\varnothing + w (o_c - o_\varnothing)$, where a row of zeros is no condition.
   * @defaultValue 1, without guidance
   */
  readonly guidance?: number;
}

/** Keeps logarithms of probabilities finite. */
const SMALLEST = 1e-30;

/**
 * Multinomial diffusion: entries are replaced by uniformly random values, more and more of them,
 *
 * $$q(x_t | x_{t-1}) = \alpha_t\, \delta_{x_{t-1}} + (1 - \alpha_t) / K, \quad
 *   q(x_t | x) = \bar\alpha_t\, \delta_x + (1 - \bar\alpha_t) / K, \quad \bar\alpha_t = \cos^2(\tfrac{\pi t}{2 T})$$
 *
 * and a network says what x was. Unlike {@link maskedDiffusion}, a value that was drawn can be changed later. The bound is
 *
 * $$-\ln p(x) \le \sum_{t=1}^T \mathbb E\, KL[q(x_{t-1} | x_t, x) \,\|\, p(x_{t-1} | x_t)], \quad
 *   p(x_{t-1} | x_t) = \sum_k q(x_{t-1} | x_t, x = k)\, \hat p(k | x_t)$$
 *
 * with $q(x_T)$ uniform, and $\hat p(k | x_t) \propto e^{o_k}\, q(x_t | x = k)$ for the outputs o of the network: one that puts out
 * 0 is right about independent and uniform entries.
 *
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Argmax Flows and Multinomial Diffusion (Hoogeboom et al., 2021), Eq. 11-14; Structured Denoising Diffusion Models in
 * Discrete State-Spaces (Austin et al., 2021), Eq. 1-4
 *
 * @example
 * ```ts
 * const entries = oneHotEntries({ levels: 17 });
 * const network = mlpDenoiser({ shape: [64], outputs: 17, entries, key });
 * const model = multinomialDiffusion({ shape: [64], levels: 17, network, steps: 100 });
 * ```
 */
export function multinomialDiffusion(options: MultinomialDiffusionOptions): MultinomialDiffusion {
  return record(
    disposeOnThrow(() => new MultinomialDiffusion(options)),
    'multinomialDiffusion',
    arguments,
  );
}

const OPTIONS = [
  'shape',
  'levels',
  'network',
  'steps',
  'contextSize',
] as const satisfies readonly (keyof MultinomialDiffusionOptions)[];

/** Made by {@link multinomialDiffusion}. */
export class MultinomialDiffusion
  extends BaseModule
  implements BoundModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>, LoopSampledModel
{
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number;
  readonly steps: number;
  readonly contextSize: number;
  readonly #network: Layer;

  constructor(options: MultinomialDiffusionOptions) {
    super();
    checkOptions('multinomialDiffusion', options, OPTIONS);
    const { shape, levels, network, steps = 100, contextSize = 0 } = options;
    const where = 'multinomialDiffusion';
    checkGiven(where, 'levels', levels, 'to be the number of values of an entry');
    checkModel(where, { shape, levels, network, contextSize });
    checkInteger(where, 'steps', steps);
    this.eventShape = shape;
    this.levels = levels;
    this.steps = steps;
    this.contextSize = contextSize;
    this.#network = this.child('network', network);
  }

  /**
   * One draw of the bound for each example in nats, `[n]`: T times the divergence at one step. Steps are spread evenly over the
   * batch.
   * @param batch - `[n, ...shape]`, or `{ x, context }` for a conditional model
   */
  elbo(batch: Tensor | ConditionedBatch, key: Key): Tensor {
    return tf.tidy(() => tf.neg(this.#negativeBound(batch, key, false)));
  }

  /** Draws `[n, ...shape]`. */
  sample(key: Key, n: number, options: MultinomialSampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  /** Sampling as a loop of T steps, for an engine that compiles one. */
  samplingLoop(n: number, options: MultinomialSampleOptions = {}): SamplingLoop {
    const where = 'MultinomialDiffusion.sample';
    checkOptions(where, options, ['context', 'guidance']);
    const { context, guidance = 1 } = options;
    checkDraws(where, n, { contextSize: this.contextSize, context, guidance });
    return {
      steps: this.steps,
      inputs: { ...(context && { context }) },
      start: (_, key) =>
        tf.tidy(() => ({
          x: this.#uniform(key, [n, ...this.eventShape]),
          t: tf.fill([1], this.steps),
        })),
      next: ({ x, t }, inputs, key) =>
        tf.tidy(() => {
          const level = this.#level(t!);
          const logits = guided(x!, { context: inputs['context'], guidance }, (x, context) =>
            this.#logits(x, t!, context && { context }),
          );
          const probs = this.#earlier(x!, level, weights(logits, this.#likelihoods(x!, level)));
          const drawn = key.categorical(tf.log(tf.add(probs, SMALLEST)));
          return { x: tf.cast(drawn, 'float32'), t: tf.sub(t!, 1) };
        }),
      finish: ({ x }) => tf.clone(x!),
    };
  }

  /** One objective, over everything that is learned: minus the bound in nats. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'bound',
      loss: (batch, key, { training }) => ({
        total: meanOver(this.#negativeBound(batch, key, training)),
      }),
    });
  }

  #negativeBound(batch: Tensor | ConditionedBatch, key: Key, training: boolean): Tensor {
    const { x, context } = checkedBatch('MultinomialDiffusion.elbo', batch, this);
    if (!training) checkLevels('MultinomialDiffusion.elbo', x, this.levels, key);
    const n = x.shape[0]!;
    const t = tf.add(1, tf.floor(tf.mul(this.steps, stratifiedTimes(key.fold('t'), n))));
    const level = this.#level(t);
    const isKept = tf.less(key.fold('kept').uniform(x.shape), tf.squeeze(level.total, [-1]));
    const noisy = selectByMask(isKept, x, this.#uniform(key.fold('noise'), x.shape));
    const likelihoods = this.#likelihoods(noisy, level);
    const call = { training, key: key.fold('network'), ...(context && { context }) };
    const logits = this.#logits(noisy, t, call);
    // The posterior given x is that of a network which is sure of x.
    const sure = oneHot(x, { depth: this.levels });
    const q = this.#earlier(noisy, level, tf.div(sure, likelihoods));
    const p = this.#earlier(noisy, level, weights(logits, likelihoods));
    const ratio = tf.sub(tf.log(tf.add(q, SMALLEST)), tf.log(tf.add(p, SMALLEST)));
    return tf.mul(this.steps, sumOverEvent(tf.mul(q, ratio)));
  }

  /** $\alpha_t$, $\bar\alpha_t$ and $\bar\alpha_{t-1}$ at times 1 to T, `[n]` or `[1]`, each `[n, 1, ..., 1]` with a last axis for the levels. */
  #level(t: Tensor): Level {
    const at = (time: Tensor): Tensor => {
      // 0 at T, where rounding leaves a little of the cosine.
      const left = tf.square(tf.cos(tf.mul(Math.PI / (2 * this.steps), time)));
      const shaped = tf.mul(left, tf.cast(tf.less(time, this.steps), 'float32'));
      return perExample(shaped, this.eventShape.length + 2);
    };
    const [total, before] = [at(t), at(tf.sub(t, 1))];
    return { step: tf.div(total, before), total, before };
  }

  /** $q(x_t | x = k)$ of each level k, `[n, ...shape, levels]`. */
  #likelihoods(noisy: Tensor, { total }: Level): Tensor {
    return this.#mixed(oneHot(noisy, { depth: this.levels }), total);
  }

  /**
   * $p(x_{t-1} = j | x_t) = \sum_k q(x_{t-1} = j | x_t, x = k)\, \hat p(k | x_t)$ for weights
   * $w_k = \hat p(k | x_t) / q(x_t | x = k)$, which is
   * $q(x_t | x_{t-1} = j)\, (\bar\alpha_{t-1} w_j + (1 - \bar\alpha_{t-1}) \sum_k w_k / K)$.
   */
  #earlier(noisy: Tensor, { step, before }: Level, w: Tensor): Tensor {
    const arrival = this.#mixed(oneHot(noisy, { depth: this.levels }), step);
    const spread = tf.mul(tf.sub(1, before), tf.mean(w, -1, true));
    return tf.mul(arrival, tf.add(tf.mul(before, w), spread));
  }

  /** $a\, p + (1 - a) / K$ */
  #mixed(probs: Tensor, a: Tensor): Tensor {
    return tf.add(tf.mul(a, probs), tf.div(tf.sub(1, a), this.levels));
  }

  #uniform(key: Key, shape: readonly number[]): Tensor {
    return tf.minimum(this.levels - 1, tf.floor(tf.mul(this.levels, key.uniform([...shape]))));
  }

  #logits(noisy: Tensor, t: Tensor, { context, ...call }: CallOptions = {}): Tensor {
    const time = tf.div(t, this.steps);
    const output = this.#network.apply(noisy, {
      ...call,
      context: withTimes(noisy.shape[0]!, [time], context),
    });
    return outputAs('MultinomialDiffusion', output, [...noisy.shape, this.levels]);
  }
}

interface Level {
  readonly step: Tensor;
  readonly total: Tensor;
  readonly before: Tensor;
}

/** $w_k = \hat p(k | x_t) / q(x_t | x = k) = e^{o_k} / \sum_m e^{o_m} q(x_t | x = m)$ */
function weights(logits: Tensor, likelihoods: Tensor): Tensor {
  const soft = tf.softmax(logits);
  return tf.div(soft, tf.sum(tf.mul(soft, likelihoods), -1, true));
}
