import { DgmError, eager } from '@dgm/core';
import type {
  Engine,
  Key,
  BatchFunction,
  BatchLoop,
  PreparedFunction,
  StepFeed,
  StepProgram,
  StepTerms,
  TrainStep,
} from '@dgm/core';
import { backend_util } from '@tensorflow/tfjs-core';
import { compiled } from './compiled';
import type { CompiledOptions } from './compiled';

export interface AutoOptions extends CompiledOptions {
  /**
   * Called with one line that says why training or measuring runs eagerly.
   * @defaultValue tfjs's own warning
   */
  readonly onReport?: Report;
}

type Report = (line: string, what: 'training' | 'measuring') => void;

/**
 * An engine that compiles where it can: where ONNX Runtime is missing, or where a step cannot be captured, training goes
 * on with `eager()`, and one line says why. Errors of the model itself are passed on.
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 64, key });
 * await fit(model, data, { key, optimizer, batchSize: 64, epochs: 20, engine: auto() });
 * ```
 */
export function auto({ onReport = (line) => backend_util.warn(line), ...options }: AutoOptions = {}): Engine {
  const engine = compiled(options);
  return {
    name: 'auto',
    prepare: async (program) => {
      try {
        return new AutoStep(program, await engine.prepare(program), onReport);
      } catch (error) {
        report('training', error, onReport);
        return eager().prepare(program);
      }
    },
    prepareFunction: async (measure) =>
      new AutoMeasure(measure, await engine.prepareFunction(measure), onReport),
  };
}

/** A compiled step until it cannot go on, then an eager one with the state so far. */
class AutoStep<B> implements TrainStep<B> {
  readonly #program: StepProgram<B>;
  readonly #onReport: Report;
  #step: TrainStep<B>;
  #mayFallBack = true;
  /** Terms of steps that were compiled, from before the fall back. */
  #finished: readonly StepTerms[] = [];

  constructor(program: StepProgram<B>, step: TrainStep<B>, onReport: Report) {
    this.#program = program;
    this.#step = step;
    this.#onReport = onReport;
  }

  get queueLength(): number {
    return this.#step.queueLength;
  }

  async run(feed: StepFeed<B>): Promise<void> {
    try {
      await this.#step.run(feed);
    } catch (error) {
      if (!this.#mayFallBack) throw error;
      report('training', error, this.#onReport);
      await this.#fallBack();
      await this.#step.run(feed);
    }
  }

  async drain(): Promise<readonly StepTerms[]> {
    const finished = this.#finished;
    this.#finished = [];
    return [...finished, ...(await this.#step.drain())];
  }

  sync(): Promise<void> {
    return this.#step.sync();
  }

  load(): Promise<void> {
    return this.#step.load();
  }

  dispose(): void {
    this.#step.dispose();
  }

  async #fallBack(): Promise<void> {
    this.#mayFallBack = false;
    this.#finished = await this.#step.drain();
    await this.#step.sync();
    this.#step.dispose();
    this.#step = await eager().prepare(this.#program);
  }
}

/** A compiled measure until a batch shows that it cannot be compiled. */
class AutoMeasure<B> implements PreparedFunction<B> {
  readonly #measure: BatchFunction<B> | BatchLoop<B>;
  readonly #onReport: Report;
  #prepared: PreparedFunction<B>;
  #mayFallBack = true;

  constructor(measure: BatchFunction<B> | BatchLoop<B>, prepared: PreparedFunction<B>, onReport: Report) {
    this.#measure = measure;
    this.#prepared = prepared;
    this.#onReport = onReport;
  }

  async run(batch: B, key: Key): Promise<Float32Array> {
    try {
      return await this.#prepared.run(batch, key);
    } catch (error) {
      if (!this.#mayFallBack) throw error;
      report('measuring', error, this.#onReport);
      this.#mayFallBack = false;
      this.#prepared.dispose();
      this.#prepared = await eager().prepareFunction(this.#measure);
      return this.#prepared.run(batch, key);
    }
  }

  dispose(): void {
    this.#prepared.dispose();
  }
}

/** Says why compiling did not work; throws what is no matter of compiling. */
function report(what: Parameters<Report>[1], error: unknown, onReport: Report): void {
  if (!DgmError.is(error, 'engine') && !DgmError.is(error, 'unsupported')) throw error;
  onReport(`${what === 'training' ? 'Training' : 'Measuring'} runs eagerly. ${error.message}`, what);
}
