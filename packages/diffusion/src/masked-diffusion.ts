import {
  BaseModule,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOptions,
  disposeOnThrow,
  oneHot,
  runSamplingLoop,
  selectByMask,
  singleObjective,
  sizeOf,
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
import { keepGiven, maskOf, type GivenEntries } from './given-entries';
import { record } from './record';
import { meanOver, rowsOf } from './rows';
import { stratifiedTimes } from './stratified-times';

export interface MaskedDiffusionOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /** How many values an entry can take: the integers from 0 to `levels` - 1. */
  readonly levels: number;
  /**
   * Maps examples `[n, ...shape]`, whose masked entries have the value `levels`, with the context `[n, 1 + contextSize]`, whose
   * first column is the share of masked entries, to logits `[n, ...shape, levels]`; for example {@link convDenoiser} with
   * {@link maskedEntries}. The model owns it.
   */
  readonly network: Layer;
  /** The width of the condition. @defaultValue 0 */
  readonly contextSize?: number;
}

/** Options of `sample`. */
export interface MaskedSampleOptions {
  /**
   * How many steps unmask the entries, in equal parts. Entries of one step are drawn independently, so fewer steps are
   * faster and less exact. @defaultValue one for each entry
   */
  readonly steps?: number;
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
  /**
   * Classifier-free guidance w: logits $o_\varnothing + w (o_c - o_\varnothing)$, where a row of zeros is no condition.
   * @defaultValue 1, without guidance
   */
  readonly guidance?: number;
  /** Divides the logits. @defaultValue 1 */
  readonly temperature?: number;
  /** In-painting: entries that are never masked, and that the others are drawn given. */
  readonly given?: GivenEntries;
}

/**
 * Diffusion that masks: more and more entries of an example are replaced by a mask, in random order, and a network predicts
 * them from those that are left. In continuous time its bound is that of an autoregressive model over all orders:
 *
 * $$-\ln p(x) \le \mathbb E_{k \sim U\{1..D\}}\, \mathbb E_{|M| = k} \Big[ \frac{D}{k} \sum_{d \in M}
 *   -\ln p(x_d \mid x_{\setminus M}) \Big]$$
 *
 * with M the masked entries. Exactly k are masked: with independent masks at a time t the weight 1/t gives an estimate of
 * infinite variance.
 *
 * @throws ArgumentError for an option that is unknown or out of its range
 * @see Structured Denoising Diffusion Models in Discrete State-Spaces (Austin et al., 2021), §3; Autoregressive Diffusion
 * Models (Hoogeboom et al., 2022), Eq. 5 and 6; Simple and Effective Masked Diffusion Language Models (Sahoo et al., 2024)
 *
 * @example
 * ```ts
 * const entries = maskedEntries({ levels: 17 });
 * const network = mlpDenoiser({ shape: [64], outputs: 17, entries, key });
 * const model = maskedDiffusion({ shape: [64], levels: 17, network });
 * ```
 */
export function maskedDiffusion(options: MaskedDiffusionOptions): MaskedDiffusion {
  return record(
    disposeOnThrow(() => new MaskedDiffusion(options)),
    'maskedDiffusion',
    arguments,
  );
}

const OPTIONS = [
  'shape',
  'levels',
  'network',
  'contextSize',
] as const satisfies readonly (keyof MaskedDiffusionOptions)[];

/** Made by {@link maskedDiffusion}. */
export class MaskedDiffusion
  extends BaseModule
  implements BoundModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>, LoopSampledModel
{
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number;
  readonly contextSize: number;
  readonly #network: Layer;

  constructor(options: MaskedDiffusionOptions) {
    super();
    checkOptions('maskedDiffusion', options, OPTIONS);
    const { shape, levels, network, contextSize = 0 } = options;
    const where = 'maskedDiffusion';
    checkGiven(where, 'levels', levels, 'to be the number of values of an entry');
    checkModel(where, { shape, levels, network, contextSize });
    this.eventShape = shape;
    this.levels = levels;
    this.contextSize = contextSize;
    this.#network = this.child('network', network);
  }

  /**
   * One draw of the bound for each example in nats, `[n]`. The numbers of masked entries are spread evenly over the batch.
   * @param batch - `[n, ...shape]`, or `{ x, context }` for a conditional model
   */
  elbo(batch: Tensor | ConditionedBatch, key: Key): Tensor {
    return tf.tidy(() => tf.neg(this.#negativeBound(batch, key, false)));
  }

  /** Draws `[n, ...shape]`. */
  sample(key: Key, n: number, options: MaskedSampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  /** Sampling as a loop, for an engine that compiles one. */
  samplingLoop(n: number, options: MaskedSampleOptions = {}): SamplingLoop {
    const where = 'MaskedDiffusion.sample';
    const entries = sizeOf(this.eventShape);
    checkOptions(where, options, ['steps', 'context', 'guidance', 'temperature', 'given']);
    const { steps = entries, context, guidance = 1, temperature = 1, given } = options;
    checkDraws(where, n, { contextSize: this.contextSize, context, guidance });
    checkInteger(where, 'steps', steps, { min: 1, max: entries });
    checkNumber(where, 'temperature', temperature, { above: 0 });
    const shape = [n, ...this.eventShape];
    const isGiven =
      given === undefined
        ? undefined
        : maskOf(where, given, { n, eventShape: this.eventShape, levels: this.levels });
    // How many of all entries are masked after each step.
    const left = Array.from({ length: steps }, (_, step) => Math.round(entries * (1 - (step + 1) / steps)));
    return {
      steps,
      inputs: { ...(context && { context }), ...(given && { given: given.values }) },
      perStep: { left },
      start: ({ given }, key) =>
        tf.tidy(() => {
          const masks = tf.fill(shape, this.levels);
          return {
            x: isGiven === undefined ? masks : keepGiven(isGiven, given!, masks),
            // In which order the entries are unmasked, the last first.
            order: randomOrder(key.fold('order'), n, entries),
          };
        }),
      next: ({ x, order }, inputs, key) =>
        tf.tidy(() => {
          const logits = guided(x!, { context: inputs['context'], guidance }, (x, context) =>
            this.#logits(x, context && { context }),
          );
          const drawn = tf.cast(key.categorical(tf.div(logits, temperature)), 'float32');
          const isLeft = tf.reshape(tf.less(order!, inputs['left']!), shape);
          const isMasked = tf.greaterEqual(x!, this.levels);
          return {
            x: selectByMask(tf.logicalAnd(isMasked, tf.logicalNot(isLeft)), drawn, x!),
            order: tf.clone(order!),
          };
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
    const { x, context } = checkedBatch('MaskedDiffusion.elbo', batch, this);
    if (!training) checkLevels('MaskedDiffusion.elbo', x, this.levels, key);
    const n = x.shape[0]!;
    const entries = sizeOf(this.eventShape);
    const t = stratifiedTimes(key.fold('t'), n);
    const k = tf.reshape(tf.add(1, tf.minimum(entries - 1, tf.floor(tf.mul(entries, t)))), [n, 1]);
    const isMasked = tf.less(randomOrder(key.fold('masks'), n, entries), k);
    const seen = selectByMask(tf.reshape(isMasked, x.shape), this.levels, x);
    const logits = this.#logits(seen, { training, key: key.fold('network'), ...(context && { context }) });
    const chosen = tf.sum(tf.mul(tf.logSoftmax(logits), oneHot(x, { depth: this.levels })), -1);
    const masked = tf.mul(tf.cast(isMasked, 'float32'), tf.reshape(chosen, [n, entries]));
    return tf.neg(tf.mul(tf.div(entries, tf.reshape(k, [n])), tf.sum(masked, 1)));
  }

  #logits(seen: Tensor, { context, ...call }: CallOptions = {}): Tensor {
    const isMasked = tf.cast(tf.greaterEqual(seen, this.levels), 'float32');
    const share = tf.mean(rowsOf(isMasked), 1);
    const output = this.#network.apply(seen, {
      ...call,
      context: withTimes(seen.shape[0]!, [share], context),
    });
    return outputAs('MaskedDiffusion', output, [...seen.shape, this.levels]);
  }
}

/**
 * For each example the ranks 0 to `entries` - 1 in uniformly random order, `[n, entries]`, by counting smaller random numbers;
 * of equal ones the first is smaller. It takes a table of n times `entries` squared.
 */
function randomOrder(key: Key, n: number, entries: number): Tensor {
  const r = key.uniform([n, entries]);
  const [mine, others] = [tf.expandDims(r, 2), tf.expandDims(r, 1)];
  const index = tf.range(0, entries);
  const isBefore = tf.less(tf.expandDims(index, 0), tf.expandDims(index, 1));
  const smaller = tf.logicalOr(tf.less(others, mine), tf.logicalAnd(tf.equal(others, mine), isBefore));
  return tf.sum(tf.cast(smaller, 'float32'), 2);
}
