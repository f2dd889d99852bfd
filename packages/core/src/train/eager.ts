import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { runsOnGpu } from '../engine/report';
import { runSamplingLoop } from '../model/sampling-loop';
import type { Key } from '../random/key';
import type {
  Engine,
  BatchFunction,
  BatchLoop,
  PreparedFunction,
  StepFeed,
  StepProgram,
  StepTerms,
  TrainStep,
} from './engine';

/**
 * Runs each step op by op on the current tfjs backend. Other engines are tested against it.
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 2, key });
 * const points = planeDataset(twoMoons(), { key });
 * await fit(model, points, { key, optimizer, batchSize: 100, epochs: 100, engine: eager() });
 * ```
 */
export function eager(): Engine {
  return {
    name: 'eager',
    prepare: (program) => Promise.resolve(new EagerStep(program)),
    prepareFunction: (measure) => Promise.resolve(new EagerMeasure(measure)),
  };
}

class EagerStep<B> implements TrainStep<B> {
  /** A read of host memory is free; a read from a GPU waits until it has finished. */
  readonly queueLength = runsOnGpu(tf.getBackend()) ? 16 : 1;
  readonly #program: StepProgram<B>;
  #waiting: Readonly<Record<string, Scalar>>[] = [];

  constructor(program: StepProgram<B>) {
    this.#program = program;
  }

  run({ batch, key, learningRates, step }: StepFeed<B>): Promise<void> {
    const terms = tf.tidy(() => {
      const rates = Object.entries(learningRates).map(([name, rate]) => [name, tf.scalar(rate)] as const);
      return this.#program.run({
        batch,
        key,
        learningRates: Object.fromEntries(rates),
        step: tf.scalar(step),
        phase: this.#program.phase?.(step) ?? '',
      });
    });
    this.#waiting.push(terms);
    return Promise.resolve();
  }

  async drain(): Promise<readonly StepTerms[]> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      return await Promise.all(waiting.map(readTerms));
    } finally {
      tf.dispose(waiting);
    }
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): void {
    tf.dispose(this.#waiting);
    this.#waiting = [];
  }
}

class EagerMeasure<B> implements PreparedFunction<B> {
  readonly #measure: BatchFunction<B> | BatchLoop<B>;

  constructor(measure: BatchFunction<B> | BatchLoop<B>) {
    this.#measure = measure;
  }

  async run(batch: B, key: Key): Promise<Float32Array> {
    const measure = this.#measure;
    const result = tf.tidy(() =>
      typeof measure === 'function' ? measure(batch, key) : runSamplingLoop(measure.loop(batch), key),
    );
    try {
      return (await result.data()) as Float32Array;
    } finally {
      result.dispose();
    }
  }

  dispose(): void {
    // Nothing outlives a call.
  }
}

async function readTerms(terms: Readonly<Record<string, Scalar>>): Promise<StepTerms> {
  const values = await Promise.all(
    Object.entries(terms).map(async ([name, term]) => [name, (await term.data())[0]!] as const),
  );
  return Object.fromEntries(values);
}
