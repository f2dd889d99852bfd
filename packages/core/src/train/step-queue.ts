import * as tf from '@tensorflow/tfjs-core';
import { NumericalError } from '../errors/dgm-error';
import type { StepFeed, StepTerms, TrainStep } from './engine';
import type { TrainingState } from './training-state';

/** A step whose terms were read. */
interface FinishedStep {
  readonly epoch: number;
  readonly step: number;
  readonly terms: StepTerms;
}

interface PendingStep {
  readonly epoch: number;
  readonly step: number;
  readonly examples: number;
}

/** Steps that were started but whose terms were not read yet. Times them, and checks that their terms are finite. */
export class StepQueue {
  readonly #step: TrainStep<unknown>;
  readonly #state: TrainingState;
  readonly #times = new StepTimes();
  #pending: PendingStep[] = [];
  #milliseconds = 0;

  constructor(step: TrainStep<unknown>, state: TrainingState) {
    this.#step = step;
    this.#state = state;
  }

  /** Whether it is time to drain. */
  get full(): boolean {
    return this.#pending.length >= this.#step.queueLength;
  }

  async run(feed: StepFeed<unknown>, examples: number): Promise<void> {
    const from = tf.util.now();
    await this.#step.run(feed);
    this.#milliseconds += tf.util.now() - from;
    this.#pending.push({ epoch: this.#state.epoch + 1, step: feed.step, examples });
  }

  /**
   * Reads the terms of every pending step and adds them to the epoch's sums.
   * @throws NumericalError naming the first step with a term that is not finite
   */
  async drain(): Promise<readonly FinishedStep[]> {
    const pending = this.#pending;
    if (pending.length === 0) return [];
    const from = tf.util.now();
    const terms = await this.#step.drain();
    this.#times.add(this.#milliseconds + tf.util.now() - from, pending.length);
    this.#pending = [];
    this.#milliseconds = 0;
    return pending.map(({ epoch, step, examples }, index) => {
      const finished = { epoch, step, terms: terms[index]! };
      checkFinite(finished);
      for (const [term, value] of Object.entries(finished.terms)) {
        const of = (this.#state.sums[term] ??= { sum: 0, examples: 0 });
        of.sum += value * examples;
        of.examples += examples;
      }
      return finished;
    });
  }

  /** Forgets the steps that were not read yet. */
  async discard(): Promise<void> {
    this.#pending = [];
    this.#milliseconds = 0;
    await this.#step.drain();
  }

  msPerStep(): { readonly median: number; readonly min: number } {
    return this.#times.summary();
  }
}

/** A part of a loss says more than its total: it is named first. */
function checkFinite({ epoch, step, terms }: FinishedStep): void {
  const bad = Object.entries(terms).filter(([, value]) => !Number.isFinite(value));
  if (bad.length === 0) return;
  const [name, value] = bad.find(([term]) => !term.endsWith('/total')) ?? bad[0]!;
  const [objective, ...term] = name.split('/');
  throw new NumericalError({
    where: 'fit',
    argument: `${term.join('/')} of the objective "${objective}" at step ${step} (epoch ${epoch})`,
    expected: 'to be finite',
    actual: String(value),
    remedy:
      step === 1
        ? 'no step was taken yet: check that the examples lie in the support of the model, and their scale'
        : 'lower the learning rate, clip the gradients with clipNorm, or look at this term of the model',
  });
}

/** Times of steps in milliseconds. */
class StepTimes {
  readonly #times: number[] = [];

  /** Some steps that took `milliseconds` together. */
  add(milliseconds: number, steps: number): void {
    for (let index = 0; index < steps; index++) this.#times.push(milliseconds / steps);
  }

  /** Zeros if there was no step. */
  summary(): { readonly median: number; readonly min: number } {
    const sorted = Float64Array.from(this.#times).sort();
    const middle = sorted.length >> 1;
    const upper = sorted[middle] ?? 0;
    const median = sorted.length % 2 === 0 ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
    return { median, min: sorted[0] ?? 0 };
  }
}
