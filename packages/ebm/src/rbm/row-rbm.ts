import { BaseModule, checkInteger, checkNumber, checkOptions, runSamplingLoop, trainable } from '@dgm/core';
import type {
  GenerativeModel,
  Key,
  LoopSampledModel,
  LossTerms,
  Objective,
  SampleOptions,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { isFewBits } from '../partition/enumerate';
import { checkSparsity, sparsityPenalty, type Sparsity } from './sparsity';
import type { RbmParameters, UnitPair } from './unit-pair';

/** Options of RBMs that learn by contrastive divergence from chains that start at the examples. */
export interface RowRbmOptions {
  /** Gibbs steps for the negative examples of a training step, k. @defaultValue 1 */
  readonly steps?: number;
  /** $\lambda$ of the penalty $\frac{\lambda}{2} \|W\|^2$. @defaultValue 0 */
  readonly weightDecay?: number;
  /** How often hidden units shall be on: `{ target: 0.05, weight: 1 }`. @defaultValue no penalty */
  readonly sparsity?: Sparsity;
  /** Gibbs steps of `sample`. @defaultValue 500 */
  readonly sampleSteps?: number;
}

export const ROW_RBM_OPTIONS: readonly (keyof RowRbmOptions)[] = [
  'steps',
  'weightDecay',
  'sparsity',
  'sampleSteps',
];

/** The statistics of examples, `[n, size]`, and what their biases depend on, `[n, contextSize]`. */
export interface Given {
  readonly t: Tensor;
  readonly context: Tensor;
}

/**
 * The base of RBMs whose biases, and with them $\ln Z$, differ from example to example. Its likelihood is exact where the hidden or the
 * visible units are at most 20 bits.
 */
export abstract class RowRbm<B> extends BaseModule implements GenerativeModel<B>, LoopSampledModel {
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly likelihoodKind: 'exact' | 'none';
  protected readonly units: UnitPair;
  readonly #where: string;
  readonly #options: RowRbmOptions;

  constructor(where: string, units: UnitPair, options: RowRbmOptions) {
    super();
    const { steps = 1, weightDecay = 0, sparsity, sampleSteps = 500 } = options;
    checkInteger(where, 'steps', steps);
    checkNumber(where, 'weightDecay', weightDecay, { min: 0 });
    if (sparsity !== undefined) checkSparsity(where, sparsity);
    checkInteger(where, 'sampleSteps', sampleSteps);
    this.#where = where;
    this.#options = options;
    this.units = units;
    this.eventShape = units.visible.shape;
    this.levels = units.visible.levels;
    this.likelihoodKind = isFewBits(units.fewestBits) ? 'exact' : 'none';
  }

  /** Splits a checked batch. */
  protected abstract given(batch: B, method: string): Given;

  /** The parameters of each row. */
  protected abstract parametersOf(context: Tensor): RbmParameters;

  /** `[n, contextSize]`, checked. */
  protected abstract checkedContext(
    context: Tensor | undefined,
    n: number | undefined,
    method: string,
  ): Tensor;

  /** Where chains of `sample` start, `[n, size]`. */
  protected abstract drawStart(context: Tensor, key: Key): Tensor;

  /** $\ln Z$ of each row by a sum over all states of the fewer units, `[n]`. */
  protected abstract logPartitionOf(context: Tensor, where: string): Tensor;

  /** W, of which the penalty is. */
  protected abstract readonly weights: Tensor;

  /**
   * The free energy $F(x) = -\ln \sum_h e^{-E(x, h)}$ of each example with its own biases, nats, `[n]`.
   * @throws {@link ShapeError} for another shape.
   */
  energy(batch: B): Tensor {
    return tf.tidy(() => this.#freeEnergy(this.given(batch, 'energy')));
  }

  /**
   * $-F(x) - \ln Z$, with the normalizer of each example, nats, `[n]`.
   * @throws {@link ShapeError} for another shape.
   * @throws {@link UnsupportedError} where neither the hidden nor the visible units are at most 20 bits.
   */
  logProb(batch: B): Tensor {
    return tf.tidy(() => {
      const given = this.given(batch, 'logProb');
      const logPartition = this.logPartitionOf(given.context, `${this.#where}.logProb`);
      return tf.neg(tf.add(this.#freeEnergy(given), logPartition));
    });
  }

  /**
   * The log-odds of each hidden unit given the example, `[n, hidden]`.
   * @throws {@link ShapeError} for another shape.
   */
  hiddenLogits(batch: B): Tensor {
    return tf.tidy(() => this.#hiddenLogits(this.given(batch, 'hiddenLogits')));
  }

  /**
   * `[n, ...shape]`, after `sampleSteps` Gibbs steps.
   * @param options - `context`: what each draw is given, `[n, contextSize]`
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    return runSamplingLoop(this.samplingLoop(n, options), key);
  }

  samplingLoop(n: number, options: SampleOptions = {}): SamplingLoop {
    const where = `${this.#where}.sample`;
    checkInteger(where, 'n', n, { min: 0 });
    checkOptions(where, options, ['context']);
    const given = this.checkedContext(options.context, n, 'sample');
    return {
      steps: this.#options.sampleSteps ?? 500,
      inputs: { context: given },
      start: (inputs, key) => ({ statistics: this.drawStart(inputs['context']!, key) }),
      next: ({ statistics }, inputs, key) => ({
        statistics: tf.tidy(() =>
          this.units.gibbsStep(statistics!, this.parametersOf(inputs['context']!), key),
        ),
      }),
      finish: ({ statistics }) => this.units.visible.decode(statistics!),
    };
  }

  /** Contrastive divergence with chains that start at the examples, whose biases they keep. */
  objectives(): readonly Objective<B>[] {
    const { steps = 1 } = this.#options;
    return [
      {
        name: 'contrastive',
        parameters: [...trainable(this).values()],
        validated: false,
        prepare: (batch, key) =>
          tf.tidy(() => {
            const { t, context } = this.given(batch, 'objectives');
            return { negatives: this.units.chain(t, this.parametersOf(context), { key, steps }) };
          }),
        loss: (batch, _, { prepared }) =>
          tf.tidy(() => {
            const given = this.given(batch, 'objectives');
            const data = tf.mean<Scalar>(this.#freeEnergy(given));
            const negatives = { ...given, t: prepared!['negatives']! };
            const model = tf.mean<Scalar>(this.#freeEnergy(negatives));
            return this.#penalized({ total: tf.sub<Scalar>(data, model), data, model }, given);
          }),
      },
    ];
  }

  #penalized(terms: LossTerms, given: Given): LossTerms {
    const { weightDecay = 0, sparsity: wanted } = this.#options;
    const decay = tf.mul(0.5 * weightDecay, tf.sum(tf.square(this.weights)));
    const total = tf.add<Scalar>(terms.total, decay);
    if (wanted === undefined) return { ...terms, total };
    const sparsity = sparsityPenalty(this.#hiddenLogits(given), wanted);
    return { ...terms, total: tf.add<Scalar>(total, sparsity), sparsity };
  }

  #freeEnergy({ t, context }: Given): Tensor {
    return this.units.freeEnergy(t, this.parametersOf(context));
  }

  #hiddenLogits({ t, context }: Given): Tensor {
    return this.units.hidden.logits(this.units.hiddenFields(t, this.parametersOf(context)));
  }
}
