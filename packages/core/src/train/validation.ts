import * as tf from '@tensorflow/tfjs-core';
import { DgmError } from '../errors/dgm-error';
import { prepareLoss, type Objective } from '../model/generative-model';
import type { Key } from '../random/key';
import { eager } from './eager';
import type { BatchFunction, Engine, PreparedFunction } from './engine';
import { allRows, batchRows, type AnyMakeBatch, type Examples } from './examples';

export interface ValidationOptions<B> {
  /** The same at each call, so that epochs differ only by their weights. */
  readonly key: Key;
  readonly batchSize: number;
  readonly batch: AnyMakeBatch<B>;
  readonly engine: Engine;
  /** Called when the engine cannot run the loss, which then runs eagerly. */
  readonly onWarning: (message: string) => Promise<void>;
}

/** Measures a model on held-out examples after each epoch. */
export class Validation<B> {
  readonly #examples: Examples;
  readonly #options: ValidationOptions<B>;
  readonly #loss: BatchFunction<B>;
  #prepared: PreparedFunction<B> | undefined;

  constructor(objective: Objective<B>, examples: Examples, options: ValidationOptions<B>) {
    this.#examples = examples;
    this.#options = options;
    this.#loss = (batch, key) => {
      const own = key.fold(objective.name);
      return objective.loss(batch, own, prepareLoss(objective, batch, own, { training: false })).total;
    };
  }

  /** The mean over the examples of the objective's `total` outside training, summed in doubles. */
  async meanLoss(): Promise<number> {
    const { key, batchSize, batch } = this.#options;
    const examples = this.#examples;
    const rows = allRows(examples.count);
    let sum = 0;
    for (let index = 0; index * batchSize < examples.count; index++) {
      const part = batchRows(rows, batchSize, index);
      const batchKey = key.fold(index);
      const input = await batch(examples, part, { key: batchKey.fold('batch'), training: false });
      try {
        sum += (await this.#lossOf(input, batchKey)) * part.length;
      } finally {
        tf.dispose(input as tf.TensorContainer);
      }
    }
    return sum / examples.count;
  }

  dispose(): void {
    this.#prepared?.dispose();
    this.#prepared = undefined;
  }

  async #lossOf(batch: B, key: Key): Promise<number> {
    try {
      this.#prepared ??= await this.#options.engine.prepareFunction(this.#loss);
      return (await this.#prepared.run(batch, key))[0]!;
    } catch (error) {
      // A loss may read values when it does not train, to choose steps of a solver for example.
      if (!DgmError.is(error, 'unsupported') && !DgmError.is(error, 'engine')) throw error;
      await this.#options.onWarning(`Validation runs eagerly. ${error.message}`);
      this.dispose();
      this.#prepared = await eager().prepareFunction(this.#loss);
      return (await this.#prepared.run(batch, key))[0]!;
    }
  }
}
