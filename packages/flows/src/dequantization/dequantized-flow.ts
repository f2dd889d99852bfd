import {
  BaseModule,
  checkContext,
  checkGiven,
  checkInteger,
  checkKey,
  checkOptions,
  checkShape,
  childCall,
  selectByMask,
  singleObjective,
  sizeOf,
  splitBatch,
} from '@dgm/core';
import type {
  BoundModel,
  ConditionedBatch,
  Dequantizer,
  DequantizerCall,
  Key,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Flow } from '../flow';
import { record } from '../record';
import { uniformDequantizer } from './dequantizer';

export interface DequantizedOptions {
  /** A density over $[0, \text{levels})^D$. Mass outside this range is lost. */
  readonly flow: Flow;
  /** The number of values that an entry can take: integers from 0 to `levels - 1`. */
  readonly levels: number;
  /** @defaultValue uniform noise */
  readonly dequantizer?: Dequantizer;
}

/**
 * A flow for integers: $P(x) = \int_{[0,1)^D} p(x + u)\, du$ with a density p, trained through the bound
 *
 * $$\ln P(x) \ge \mathbb{E}_{u \sim q(u|x)}[\ln p(x + u) - \ln q(u|x)]$$
 *
 * It owns the flow and the dequantizer.
 * @throws ArgumentError if `levels` is not an integer of at least 2
 * @see DGM §3.1.5; Flow++ (Ho et al., 2019), Eq. 4
 *
 * @example
 * ```ts
 * const preprocessing = logitPreprocessing({ levels: 17 });
 * const model = dequantized({ flow: realNvp({ dims: 64, preprocessing, key }), levels: 17 });
 * ```
 */
export function dequantized(options: DequantizedOptions): DequantizedFlow {
  return record(new DequantizedFlow(options), 'dequantized', arguments);
}

/** The class of {@link dequantized}. Its batches are tensors, or `{ x, context }` if the flow is conditional. */
export class DequantizedFlow
  extends BaseModule
  implements BoundModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>
{
  readonly likelihoodKind = 'lower-bound';
  readonly isDequantized = true;
  readonly eventShape: Shape;
  readonly contextSize: number;
  readonly levels: number;
  readonly source: string | undefined;
  readonly #flow: Flow;
  readonly #dequantizer: Dequantizer;

  constructor(options: DequantizedOptions) {
    super();
    checkOptions('dequantized', options, ['flow', 'levels', 'dequantizer']);
    const { flow, levels, dequantizer = uniformDequantizer() } = options;
    checkGiven('dequantized', 'flow', flow, 'to be a flow');
    checkInteger('dequantized', 'levels', levels, { min: 2 });
    this.#flow = this.child('flow', flow);
    this.#dequantizer = this.child('dequantizer', dequantizer);
    this.eventShape = flow.eventShape;
    this.contextSize = flow.contextSize;
    this.levels = levels;
    this.source = flow.source;
  }

  /**
   * The bound with one draw of the noise, in nats, `[n]`; -Infinity if an entry of `x` is not one of the levels.
   * @param batch - integers 0 to `levels - 1`, `[n, ...event]`, or `{ x, context }`
   */
  elbo(batch: Tensor | ConditionedBatch, key: Key): Tensor {
    checkKey('DequantizedFlow.elbo', key);
    return tf.tidy(() => this.#bound(batch, key, {}));
  }

  /** Log importance weights $\ln p(x + u_k) - \ln q(u_k|x)$ in nats, `[K, n]`: the log of their mean estimates $\ln P(x)$. */
  logWeights(batch: Tensor | ConditionedBatch, key: Key, numSamples: number): Tensor {
    checkKey('DequantizedFlow.logWeights', key);
    checkInteger('DequantizedFlow.logWeights', 'numSamples', numSamples);
    return tf.tidy(() => this.#bound(batch, key, { sampleShape: [numSamples] }));
  }

  /**
   * Draws of the flow, rounded down to integers and clamped to the range. `[n, ...event]`.
   * @param options - `context`: `[n, contextSize]`, one row for each draw
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    return tf.tidy(() => tf.clipByValue(tf.floor(this.#flow.sample(key, n, options)), 0, this.levels - 1));
  }

  /** Initializes the layers that start from data, of the flow and of the noise, from a batch of integers. */
  initialize(batch: Tensor | ConditionedBatch, key: Key): void {
    const { x, context } = this.#split('DequantizedFlow.initialize', batch);
    checkKey('DequantizedFlow.initialize', key);
    const call = context === undefined ? {} : { context };
    tf.tidy(() => {
      this.#dequantizer.initialize?.(x, key.fold('dequantizer'), call);
      const dequantized = tf.add(x, this.#dequantizer.draw(x, key, call).noise);
      this.#flow.initialize(context === undefined ? dequantized : { x: dequantized, context });
    });
  }

  /** One objective: minus the bound in nats per example. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'elbo',
      loss: (batch, key, { training }) => {
        const bound = this.#bound(batch, key.fold('noise'), { training, key: key.fold('layers') });
        return { total: tf.neg(tf.mean<Scalar>(bound)) };
      },
    });
  }

  #bound(batch: Tensor | ConditionedBatch, key: Key, { sampleShape = [], ...call }: DequantizerCall): Tensor {
    const { x, context } = this.#split('DequantizedFlow.elbo', batch);
    const own = context === undefined ? {} : { context };
    const noiseCall = { ...childCall(call, 'dequantizer'), ...own, sampleShape };
    const { noise, logProb } = this.#dequantizer.draw(x, key, noiseCall);
    const bound = tf.sub(this.#flow.given(context, call).logProb(tf.add(x, noise)), logProb);
    const distance = tf.abs(tf.sub(x, tf.clipByValue(tf.round(x), 0, this.levels - 1)));
    const areLevels = tf.equal(tf.max(tf.reshape(distance, [x.shape[0]!, sizeOf(this.eventShape)]), 1), 0);
    return selectByMask(areLevels, bound, -Infinity);
  }

  #split(where: string, batch: Tensor | ConditionedBatch): { x: Tensor; context?: Tensor } {
    const { x, context } = splitBatch(batch);
    checkShape(where, 'x', x, ['n', ...this.eventShape]);
    checkContext(where, context, { rows: x.shape[0]!, contextSize: this.contextSize });
    return context === undefined ? { x } : { x, context };
  }
}
