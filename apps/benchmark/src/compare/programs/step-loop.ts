import { gatherExamples, ModelStep, type Dataset, type Engine, type Key, type TrainStep } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Experiment } from '../../recipes/shared/recipe';

export interface StepLoopOptions {
  readonly dataset: Dataset;
  readonly batch: number;
  readonly key: Key;
  readonly engine: Engine;
}

/** The bare training steps of a model, over batches that were made before. */
export class StepLoop {
  readonly program: ModelStep<unknown>;
  readonly batches: readonly unknown[];
  readonly #step: TrainStep<unknown>;
  readonly #key: Key;
  #taken = 0;

  private constructor(parts: {
    program: ModelStep<unknown>;
    batches: readonly unknown[];
    step: TrainStep<unknown>;
    key: Key;
  }) {
    this.program = parts.program;
    this.batches = parts.batches;
    this.#step = parts.step;
    this.#key = parts.key;
  }

  /** @param benchmark - borrowed */
  static async prepare(
    benchmark: Experiment,
    { dataset, batch, key, engine }: StepLoopOptions,
  ): Promise<StepLoop> {
    const program = new ModelStep<unknown>(benchmark.model, benchmark.training);
    const step = await engine.prepare(program);
    const batches = rowsOf(dataset.train.count, batch, key.fold('order')).map((rows, index) =>
      (benchmark.training.batch ?? gatherExamples)(dataset.train, rows, {
        key: key.fold('batch').fold(index),
        training: true,
      }),
    );
    return new StepLoop({ program, batches, step, key: key.fold('step') });
  }

  /**
   * Takes `n` steps.
   * @returns the last one's loss
   */
  async take(n: number): Promise<number> {
    const { players } = this.program;
    const loss = `${players[0]!.objective.name}/total`;
    let last = Number.NaN;
    for (let index = 1; index <= n; index++) {
      const taken = this.#taken++;
      const rates = players.map(({ objective, factory }) => [objective.name, factory.learningRate(taken)]);
      await this.#step.run({
        batch: this.batches[taken % this.batches.length]!,
        key: this.#key.fold(taken),
        learningRates: Object.fromEntries(rates) as Record<string, number>,
        step: taken + 1,
      });
      if (index % this.#step.queueLength > 0 && index < n) continue;
      last = (await this.#step.drain()).at(-1)![loss]!;
    }
    return last;
  }

  dispose(): void {
    this.#step.dispose();
    this.program.dispose();
    tf.dispose([...this.batches] as tf.TensorContainer[]);
  }
}

/** The rows of full batches in a random order; where a batch is larger than the data, it goes through them again. */
function rowsOf(count: number, batch: number, key: Key): readonly Int32Array[] {
  const order = key.permutation(count);
  const batches = Math.max(1, Math.floor(count / batch));
  return Array.from({ length: batches }, (_, index) =>
    Int32Array.from({ length: batch }, (_, row) => order[(index * batch + row) % count]!),
  );
}
