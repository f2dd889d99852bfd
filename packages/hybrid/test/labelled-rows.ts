import { BaseModule, checkShape, recordConstruction } from '@dgm/core';
import type {
  ConditionedBatch,
  GenerativeModel,
  Key,
  LossOptions,
  Objective,
  SampleOptions,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A model of examples and what is to be predicted. */
export interface JointModel extends GenerativeModel<Tensor | ConditionedBatch> {
  readonly contextSize: number;
  logProb?(x: Tensor): Tensor;
  elbo?(x: Tensor, key: Key): Tensor;
  energy?(x: Tensor): Tensor;
}

/** A model of vectors x and targets y whose batches are rows `[x, y]`, as the contract kit has them. */
export class LabelledRows<M extends JointModel> extends BaseModule implements GenerativeModel {
  readonly eventShape: readonly number[];
  readonly likelihoodKind: M['likelihoodKind'];
  readonly joint: M;
  declare readonly logProb?: (rows: Tensor) => Tensor;
  declare readonly elbo?: (rows: Tensor, key: Key) => Tensor;
  declare readonly energy?: (rows: Tensor) => Tensor;

  constructor(joint: M) {
    super();
    recordConstruction(this, {
      ...{ package: 'hybrid-tests', version: '0', name: 'LabelledRows' },
      args: [joint],
    });
    this.joint = this.child('joint', joint);
    this.eventShape = joint.eventShape;
    this.likelihoodKind = joint.likelihoodKind;
    if (joint.logProb) this.logProb = (rows) => tf.tidy(() => joint.logProb!(this.#x(rows)));
    if (joint.elbo) this.elbo = (rows, key) => tf.tidy(() => joint.elbo!(this.#x(rows), key));
    if (joint.energy) this.energy = (rows) => tf.tidy(() => joint.energy!(this.#x(rows)));
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    return this.joint.sample(key, n, options);
  }

  objectives(): readonly Objective[] {
    return this.joint.objectives().map(({ name, parameters, prepare, loss }) => ({
      name,
      parameters,
      ...(prepare && {
        prepare: (rows: Tensor, key: Key, options: LossOptions) =>
          tf.tidy(() => prepare(this.#batch(rows), key, options)),
      }),
      loss: (rows, key, options) => tf.tidy(() => loss(this.#batch(rows), key, options)),
    }));
  }

  #batch(rows: Tensor): ConditionedBatch {
    const [dims] = this.eventShape as [number];
    return { x: this.#x(rows), context: tf.slice(rows, [0, dims], [-1, rows.shape[1]! - dims]) };
  }

  #x(rows: Tensor): Tensor {
    checkShape('LabelledRows', 'rows', rows, ['n', 'columns']);
    return tf.slice(rows, [0, 0], [-1, this.eventShape[0]!]);
  }
}
