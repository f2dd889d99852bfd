import * as tf from '@tensorflow/tfjs-core';
import { assignVariables, readVariables } from '../checkpoint/host-tensor';
import { show } from '../check/check';
import { ArgumentError, DgmError, NumericalError } from '../errors/dgm-error';
import { validatedObjective, type GenerativeModel } from '../model/generative-model';
import type { Key } from '../random/key';
import type { Callback } from './callback';
import { eager } from './eager';
import { advance } from './early-stopping';
import type { Engine, TrainStep } from './engine';
import { batchRows, type AnyMakeBatch } from './examples';
import type { FitOptions, TrainingData } from './fit-options';
import type { FitResult, StoppedBy } from './fit-result';
import { ModelStep } from './model-step';
import { pause } from './pause';
import { describeRun } from './run-description';
import { StepQueue } from './step-queue';
import { TrainingCheckpoint } from './training-checkpoint';
import { initialState, type TrainingState, type Weights } from './training-state';
import { Validation } from './validation';

/** Input and signals are looked at this often. */
const PAUSE_EVERY_MS = 20;

/** One call of `fit`. Owns the optimizers' state, borrows the model. */
export class TrainingRun<B> {
  readonly #model: GenerativeModel<B>;
  readonly #data: TrainingData;
  readonly #options: FitOptions<B>;
  readonly #batch: AnyMakeBatch<B>;
  readonly #program: ModelStep<B>;
  readonly #engine: Engine;
  readonly #validation: Validation<B> | undefined;
  readonly #checkpoint: TrainingCheckpoint | undefined;
  readonly #stepsPerEpoch: number;
  /** The term that the training curve shows first. */
  readonly #loss: string;
  readonly #startedAt = tf.util.now();
  #pausedAt = this.#startedAt;
  #secondsBefore = 0;
  #state: TrainingState = initialState();
  #best: Weights | undefined;
  #step: TrainStep<B> | undefined;
  #queue: StepQueue | undefined;
  readonly #warnings: string[] = [];
  /** What the newest checkpoint holds. */
  #saved: string | undefined;

  constructor(model: GenerativeModel<B>, data: TrainingData, options: FitOptions<B>, batch: AnyMakeBatch<B>) {
    this.#model = model;
    this.#data = data;
    this.#options = options;
    this.#batch = batch;
    this.#stepsPerEpoch = Math.ceil(data.train.count / options.batchSize);
    this.#program = new ModelStep(model, options);
    const everyStep = this.#program.players.find(({ objective: { every = 1 } }) => every === 1)!;
    this.#loss = `${everyStep.objective.name}/total`;
    this.#engine = options.engine ?? eager();
    const validated = validatedObjective(model);
    this.#validation =
      data.validation &&
      validated &&
      new Validation(validated, data.validation, {
        key: options.key.fold('validation'),
        batchSize: options.batchSize,
        batch,
        engine: this.#engine,
        onWarning: (message) => this.#warn(message),
      });
    const store = options.checkpoint?.store;
    this.#checkpoint =
      store &&
      new TrainingCheckpoint(store, describeRun(options, data, this.#program.players), this.#program.state);
  }

  async toTheEnd(): Promise<FitResult> {
    await this.#resume();
    const fallback = await readVariables(this.#model.parameters());
    try {
      this.#step = await this.#engine.prepare(this.#program);
      this.#queue = new StepQueue(this.#step, this.#state);
      await this.#tell('onStart', {
        epochs: this.#options.epochs,
        stepsPerEpoch: this.#stepsPerEpoch,
        resumedAt: this.#state.step,
      });
      const stoppedBy = await this.#train();
      await this.#settle();
      await this.#save();
      this.#program.adoptAverages();
      if (this.#best) assignVariables(this.#model.parameters(), this.#best);
      const result = this.#result(stoppedBy);
      await this.#tell('onEnd', result);
      return result;
    } catch (error) {
      if (DgmError.is(error, 'numerical')) assignVariables(this.#model.parameters(), this.#best ?? fallback);
      // An engine may hold newer weights than the variables; if it cannot give them, the first error is the one to tell.
      else await this.#step?.sync().catch(() => undefined);
      await this.#tell('onError', error);
      throw error;
    }
  }

  dispose(): void {
    this.#step?.dispose();
    this.#validation?.dispose();
    this.#program.dispose();
  }

  async #train(): Promise<StoppedBy> {
    const { epochs, earlyStopping, batchSize } = this.#options;
    for (;;) {
      if (this.#state.progress.stale > (earlyStopping?.patience ?? Infinity)) return 'early-stopping';
      if (this.#state.epoch >= epochs) return 'epochs';
      const order = this.#key('order', this.#state.epoch).permutation(this.#data.train.count);
      while (this.#state.batch < this.#stepsPerEpoch) {
        const interruption = this.#interruption();
        if (interruption !== undefined) return interruption;
        await this.#takeStep(batchRows(order, batchSize, this.#state.batch));
      }
      await this.#endEpoch();
    }
  }

  #interruption(): StoppedBy | undefined {
    const { signal, maxSeconds = Infinity } = this.#options;
    if (signal?.aborted) return 'aborted';
    return this.#secondsHere() >= maxSeconds ? 'max-seconds' : undefined;
  }

  async #takeStep(rows: Int32Array): Promise<void> {
    const taken = this.#state.step;
    const key = this.#key('step', taken);
    const rates = this.#program.players.map(({ objective, factory }) => [
      objective.name,
      factory.learningRate(taken),
    ]);
    const learningRates = Object.fromEntries(rates) as Record<string, number>;
    const batch = await this.#batch(this.#data.train, rows, { key: key.fold('batch'), training: true });
    try {
      await this.#queue!.run({ batch, key, learningRates, step: taken + 1 }, rows.length);
    } finally {
      tf.dispose(batch as tf.TensorContainer);
    }
    this.#state.step += 1;
    this.#state.batch += 1;
    if (this.#queue!.full) await this.#drain();
    const everySteps = this.#options.checkpoint?.everySteps ?? Infinity;
    if (this.#state.step % everySteps === 0) await this.#save();
    await this.#pause();
  }

  async #endEpoch(): Promise<void> {
    await this.#settle();
    const epoch = this.#state.epoch + 1;
    const terms = Object.fromEntries(
      Object.entries(this.#state.sums).map(([term, { sum, examples }]) => [term, sum / examples]),
    );
    const train = terms[this.#loss]!;
    const validation = await this.#program.withAverages(() => this.#validate(epoch));
    const improved = validation !== undefined && this.#state.progress.best?.epoch === epoch;
    const point = { epoch, train, terms, ...(validation === undefined ? {} : { validation }) };
    this.#state.curve = [...this.#state.curve, point];
    Object.assign(this.#state, { epoch, batch: 0, sums: {} });
    const { everySteps, everyEpochs = everySteps === undefined ? 1 : Infinity } =
      this.#options.checkpoint ?? {};
    if (epoch % everyEpochs === 0) await this.#save();
    await this.#tell('onEpoch', { ...point, improved });
  }

  /** The epoch's validation; remembers the weights if it is the best one. */
  async #validate(epoch: number): Promise<number | undefined> {
    const { validate, key, earlyStopping } = this.#options;
    const validation = validate
      ? await validate(this.#model, { epoch, key: key.fold('validation'), engine: this.#engine })
      : await this.#validation?.meanLoss();
    if (validation === undefined && !validate) return undefined;
    if (typeof validation !== 'number') {
      throw new ArgumentError({
        where: 'fit',
        argument: 'validate',
        expected: 'to return a number',
        actual: show(validation),
      });
    }
    if (!Number.isFinite(validation)) {
      throw new NumericalError({
        where: 'fit',
        argument: `validation after epoch ${epoch}`,
        expected: 'to be finite',
        actual: String(validation),
        remedy: 'lower the learning rate, or clip the gradients with clipNorm',
      });
    }
    const { progress, improved } = advance(this.#state.progress, epoch, validation, earlyStopping);
    this.#state.progress = progress;
    if (improved) this.#best = await readVariables(this.#model.parameters());
    return validation;
  }

  /** Reads the terms of the steps so far, and brings the variables up to date. */
  async #settle(): Promise<void> {
    await this.#drain();
    await this.#step!.sync();
  }

  async #drain(): Promise<void> {
    for (const event of await this.#queue!.drain()) {
      await this.#tell('onStep', event);
    }
  }

  async #save(): Promise<void> {
    const position = `${this.#state.epoch} ${this.#state.step}`;
    if (this.#checkpoint === undefined || position === this.#saved) return;
    await this.#settle();
    await this.#checkpoint.save({ ...this.#state, seconds: this.#seconds() }, this.#best);
    this.#saved = position;
  }

  async #warn(message: string): Promise<void> {
    this.#warnings.push(message);
    await this.#tell('onWarning', message);
  }

  async #resume(): Promise<void> {
    const restored = await this.#checkpoint?.restore((message) => this.#warnings.push(message));
    for (const warning of this.#warnings) await this.#tell('onWarning', warning);
    if (restored === undefined) return;
    this.#state = restored.state;
    this.#best = restored.best;
    this.#secondsBefore = restored.state.seconds;
    this.#saved = `${restored.state.epoch} ${restored.state.step}`;
  }

  async #pause(): Promise<void> {
    if (tf.util.now() - this.#pausedAt < PAUSE_EVERY_MS) return;
    await pause();
    this.#pausedAt = tf.util.now();
  }

  async #tell<M extends keyof Callback>(
    method: M,
    event: Parameters<NonNullable<Callback[M]>>[0],
  ): Promise<void> {
    for (const callback of this.#options.callbacks ?? []) {
      await (callback[method] as ((event: unknown) => void | Promise<void>) | undefined)?.call(
        callback,
        event,
      );
    }
  }

  #key(purpose: 'order' | 'step', index: number): Key {
    return this.#options.key.fold(purpose).fold(index);
  }

  #secondsHere(): number {
    return (tf.util.now() - this.#startedAt) / 1000;
  }

  #seconds(): number {
    return this.#secondsBefore + this.#secondsHere();
  }

  #result(stoppedBy: StoppedBy): FitResult {
    const { epoch, step, curve, progress } = this.#state;
    return {
      epochs: epoch,
      steps: step,
      stoppedBy,
      ...(progress.best === undefined ? {} : { best: progress.best }),
      curve,
      warnings: this.#warnings,
      seconds: this.#seconds(),
      msPerStep: this.#queue!.msPerStep(),
    };
  }
}
