import type { StepFeed, StepProgram, StepTerms, TrainStep } from '@dgm/core';
import { ByShape } from './by-shape';
import type { ExecutableStep, StepExecutor } from './step-executor';
import { drawMemoryOf, feedsOf } from './step-feeds';
import type { DrawMemory } from './step-feeds';
import { captureStep } from './step-variant';
import type { CapturedStep } from './step-variant';

/** A step captured for one shape of its batch, with what runs it. */
interface Variant {
  readonly step: CapturedStep;
  readonly executable: ExecutableStep;
  readonly draws: DrawMemory;
}

/** A training step that is captured once for each shape of its batch and runs on an executor. */
export class CompiledStep<B> implements TrainStep<B> {
  readonly queueLength: number;
  readonly #program: StepProgram<B>;
  readonly #executor: StepExecutor;
  readonly #variants = new ByShape<Variant>();

  /** @param executor - owned by the step */
  constructor(program: StepProgram<B>, executor: StepExecutor) {
    this.#program = program;
    this.#executor = executor;
    this.queueLength = executor.queueLength;
  }

  async run(feed: StepFeed<B>): Promise<void> {
    const { step, executable, draws } = await this.#variants.for(feed.batch, () => this.#build(feed));
    await executable.run(await feedsOf(step, feed, draws));
  }

  drain(): Promise<readonly StepTerms[]> {
    return this.#executor.drain();
  }

  sync(): Promise<void> {
    return this.#executor.sync();
  }

  load(): Promise<void> {
    return this.#executor.load();
  }

  dispose(): void {
    this.#variants.clear(({ executable }) => executable.release());
    this.#executor.dispose();
  }

  async #build(feed: StepFeed<B>): Promise<Variant> {
    const step = captureStep(this.#program, feed);
    return { step, executable: await this.#executor.compile(step), draws: drawMemoryOf(step) };
  }
}
