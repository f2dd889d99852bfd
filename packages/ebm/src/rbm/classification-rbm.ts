import {
  BaseModule,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSampling,
  checkShape,
  labelledBatch,
  logSoftmax,
  logSumExp,
  oneHot,
  runSamplingLoop,
} from '@dgm/core';
import type {
  ConditionedBatch,
  EnergyModel,
  Key,
  LoopSampledModel,
  LossOptions,
  Objective,
  PartitionEstimate,
  SampleOptions,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkTrainingExamples } from '../check';
import type { AnnealedPath } from '../partition/annealed-importance-sampling';
import { build } from '../record';
import { Rbm, type RbmOptions } from './rbm';
import { checkVisible } from './units';
import type { VisibleUnits } from './units';

export interface ClassificationRbmOptions extends Omit<RbmOptions, 'objective'> {
  /** The number of classes. */
  readonly classes: number;
  /** What $-\ln p(x, y)$ counts beside $-\ln p(y|x)$; 0 trains the classifier alone, without chains. @defaultValue 0.01 */
  readonly generativeWeight?: number;
}

/**
 * A classification RBM: a restricted Boltzmann machine over x and the one-hot code of its class y,
 *
 * $$E(x, y, h) = e(t) - b^\top t - d^\top y - c^\top h - t^\top W h - y^\top U h$$
 *
 * so that $p(y|x)$ is a softmax over the free energies of the classes, exactly. It minimizes $-\ln p(y|x)$ and, with a small weight,
 * $-\ln p(x, y)$ by contrastive divergence: the hybrid of the two.
 *
 * @returns a model of batches `{ x, context }` with one-hot labels: `fit(model, data, { batch: classContext({ classes }), ... })`
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @throws {@link ShapeError} for examples of another shape.
 * @see DGM §6.6; Classification using Discriminative Restricted Boltzmann Machines (Larochelle and Bengio, 2008)
 *
 * @example
 * ```ts
 * const model = classificationRbm({ visible: bernoulliUnits({ shape: [64] }), hidden: 100, classes: 10, key });
 * ```
 */
export function classificationRbm(options: ClassificationRbmOptions): ClassificationRbm {
  return build(() => new ClassificationRbm(options), 'classificationRbm', arguments);
}

/** Made by {@link classificationRbm}. */
export class ClassificationRbm extends BaseModule implements EnergyModel<ConditionedBatch>, LoopSampledModel {
  readonly likelihoodKind = 'unnormalized';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly classes: number;
  readonly #visible: VisibleUnits;
  readonly #generativeWeight: number;
  /** Over the statistics of x and the code of y, side by side. */
  readonly #joint: Rbm;

  constructor(options: ClassificationRbmOptions) {
    super();
    const where = 'classificationRbm';
    checkOptions(where, options, OPTIONS);
    const { visible, classes, generativeWeight = 0.01, examples, ...machine } = options;
    checkVisible(where, visible);
    checkInteger(where, 'classes', classes, { min: 2 });
    checkNumber(where, 'generativeWeight', generativeWeight, { min: 0 });
    if (examples !== undefined) checkTrainingExamples(where, examples, visible.shape);
    this.eventShape = visible.shape;
    this.levels = visible.levels;
    this.classes = classes;
    this.#visible = visible;
    this.#generativeWeight = generativeWeight;
    const rows =
      examples && tf.tidy(() => this.#beside(examples, tf.fill([examples.shape[0]!, classes], 1 / classes)));
    const joint = new Rbm({
      ...machine,
      ...(rows && { examples: rows }),
      visible: withLabels(visible, classes),
    });
    rows?.dispose();
    this.#joint = this.child('joint', joint);
  }

  /**
   * $\ln p(y|x)$ of every class, nats, `[n, classes]`.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  classLogProbs(x: Tensor): Tensor {
    return tf.tidy(() => logSoftmax(tf.neg(this.#energies(x, 'classLogProbs'))));
  }

  /**
   * $-\ln \sum_y \sum_h e^{-E(x, y, h)}$, nats, `[n]`.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  energy(x: Tensor): Tensor {
    return tf.tidy(() => tf.neg(logSumExp(tf.neg(this.#energies(x, 'energy')), { axis: 1 })));
  }

  /**
   * The free energy of x and y, $-\ln \sum_h e^{-E(x, y, h)}$, nats, `[n]`.
   * @param batch - `x`, `[n, ...shape]`, and its one-hot labels as `context`, `[n, classes]`
   * @throws {@link ShapeError} for another shape.
   */
  jointEnergy(batch: ConditionedBatch): Tensor {
    return tf.tidy(() => this.#joint.energy(this.#rows(batch, 'jointEnergy')));
  }

  /**
   * $\ln Z$ by a sum over the states of the hidden units, a differentiable scalar in nats.
   * @throws {@link UnsupportedError} for more than 20 bits.
   */
  logPartition(): Scalar {
    return this.#joint.logPartition('hidden');
  }

  /** $\ln Z$: exact if that takes a sum over at most 2^20 states, otherwise by annealed importance sampling. */
  partition(key: Key): Promise<PartitionEstimate> {
    return this.#joint.partition(key);
  }

  /** The path of `rbm`, over the statistics of x and the code of y side by side. */
  annealedPath(): AnnealedPath {
    return this.#joint.annealedPath();
  }

  /** `[n, ...shape]`, after `sampleSteps` Gibbs steps of examples, labels and hidden units. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('ClassificationRbm.sample', { key, n, options });
    return runSamplingLoop(this.samplingLoop(n), key);
  }

  samplingLoop(n: number): SamplingLoop {
    checkInteger('ClassificationRbm.sample', 'n', n, { min: 0 });
    const loop = this.#joint.samplingLoop(n);
    return {
      ...loop,
      finish: (state) =>
        tf.tidy(() => this.#visible.decode(columns(loop.finish(state), 0, this.#visible.size))),
    };
  }

  objectives(): readonly Objective<ConditionedBatch>[] {
    const weight = this.#generativeWeight;
    const [contrastive] = this.#joint.objectives() as [Objective];
    return [
      {
        name: 'hybrid',
        parameters: contrastive.parameters,
        ...(weight > 0 && {
          prepare: (batch: ConditionedBatch, key: Key, options: LossOptions) =>
            tf.tidy(() => contrastive.prepare!(this.#rows(batch, 'loss'), key, options)),
        }),
        loss: (batch, key, options) =>
          tf.tidy(() => {
            const rows = this.#rows(batch, 'loss');
            const logProbs = tf.sum(tf.mul(this.classLogProbs(batch.x), batch.context), 1);
            const classification = tf.neg(tf.mean<Scalar>(logProbs));
            if (weight === 0) return { total: tf.clone(classification), classification };
            const { total: generative } = contrastive.loss(rows, key, options);
            return {
              total: tf.add<Scalar>(classification, tf.mul(weight, generative)),
              classification,
              generative,
            };
          }),
      },
    ];
  }

  /** The free energy of x with each class, `[n, classes]`. */
  #energies(x: Tensor, method: string): Tensor {
    checkShape(`ClassificationRbm.${method}`, 'x', x, ['n', ...this.eventShape]);
    const [n, classes] = [x.shape[0]!, this.classes];
    const statistics = tf.tile(tf.expandDims(this.#visible.encode(x), 1), [1, classes, 1]);
    const labels = tf.tile(tf.expandDims(tf.eye(classes), 0), [n, 1, 1]);
    const rows = tf.reshape(tf.concat([statistics, labels], 2), [n * classes, this.#visible.size + classes]);
    return tf.reshape(this.#joint.energy(rows), [n, classes]);
  }

  #rows(batch: ConditionedBatch, method: string): Tensor {
    const { x, context } = labelledBatch(`ClassificationRbm.${method}`, batch, {
      eventShape: this.eventShape,
      contextSize: this.classes,
    });
    return this.#beside(x, context);
  }

  #beside(x: Tensor, labels: Tensor): Tensor {
    return tf.tidy(() => tf.concat([this.#visible.encode(x), labels], 1));
  }
}

const OPTIONS: readonly (keyof ClassificationRbmOptions)[] = [
  ...(['visible', 'hidden', 'classes', 'key', 'examples', 'generativeWeight'] as const),
  ...([
    'steps',
    'chains',
    'temperatures',
    'fastLearningRate',
    'weightDecay',
    'sparsity',
    'sampleSteps',
  ] as const),
];

/** The units of x and a class beside each other: examples are their statistics with the one-hot code. */
function withLabels(visible: VisibleUnits, classes: number): VisibleUnits {
  const size = visible.size + classes;
  const ofX = (rows: Tensor): Tensor => columns(rows, 0, visible.size);
  const ofLabel = (rows: Tensor): Tensor => columns(rows, visible.size, classes);
  return {
    shape: [size],
    size,
    encode: (rows) => tf.clone(rows),
    decode: (rows) => tf.clone(rows),
    baseEnergy: (rows) => tf.tidy(() => visible.baseEnergy(ofX(rows))),
    logNormalizer: (fields) =>
      tf.tidy(() => tf.add(visible.logNormalizer(ofX(fields)), logSumExp(ofLabel(fields), { axis: 1 }))),
    draw: (fields, key) =>
      tf.tidy(() => {
        const x = visible.draw(ofX(fields), key.fold('x'));
        const label = oneHot(key.fold('label').categorical(ofLabel(fields)), { depth: classes });
        return tf.concat([x, label], 1);
      }),
    // Of labels that are all alike.
    fieldsOf: (rows) => tf.tidy(() => tf.concat([visible.fieldsOf(ofX(rows)), tf.zeros([classes])])),
  };
}

/** `count` columns from column `start` on. */
function columns(rows: Tensor, start: number, count: number): Tensor {
  return tf.slice(rows, [0, start], [rows.shape[0]!, count]);
}
