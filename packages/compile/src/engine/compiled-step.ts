import type { StepFeed, StepProgram, StepTerms, TrainStep } from '@dgm/core';
import { BySignature } from './by-signature';
import type { ExecutableStep, StepExecutor } from './step-executor';
import { feedsOf } from './step-feeds';
import type { FeedMemory } from './step-feeds';
import { captureStep, signatureOf } from './step-variant';
import type { CapturedStep } from './step-variant';

/** A step captured for one phase and one shape of its batch, with what runs it. */
interface Variant {
  readonly step: CapturedStep;
  readonly executable: ExecutableStep;
  readonly memory: FeedMemory;
}

/** A training step that is captured once for each of its phases and shapes of its batch, and runs on an executor. */
export class CompiledStep<B> implements TrainStep<B> {
  readonly queueLength: number;
  readonly #program: StepProgram<B>;
  readonly #executor: StepExecutor;
  readonly #variants = new BySignature<Variant>();

  /** @param executor - owned by the step */
  constructor(program: StepProgram<B>, executor: StepExecutor) {
    this.#program = program;
    this.#executor = executor;
    this.queueLength = executor.queueLength;
  }

  async run(feed: StepFeed<B>): Promise<void> {
    const signature = `${this.#program.phase?.(feed.step) ?? ''} ${signatureOf(feed.batch)}`;
    const { step, executable, memory } = await this.#variants.for(signature, () => this.#build(feed));
    await executable.run(await feedsOf(step, feed, memory));
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
    return { step, executable: await this.#executor.compile(step), memory: new Map() };
  }
}
