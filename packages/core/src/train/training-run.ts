import * as tf from '@tensorflow/tfjs-core';
import { checkThat, show } from '../check/check';
import { assignVariables, readVariables } from '../checkpoint/host-tensor';
import { DgmError, NumericalError } from '../errors/dgm-error';
import { validatedObjective, type GenerativeModel } from '../model/generative-model';
import type { Key } from '../random/key';
import type { Callback, CurvePoint, FitResult, StoppedBy } from './fit-result';
import { eager } from './eager';
import {
  advance,
  checkFiniteWeights,
  initialState,
  type Snapshot,
  type TrainingState,
  type Weights,
} from './training-state';
import type { Engine, TrainStep } from './engine';
import { batchesPerEpoch, epochBatches, type Batch } from './epoch-batches';
import { allRows, isSource, type AnyMakeBatch } from './examples';
import type { FitOptions, TrainingData } from './fit-options';
import { ModelStep } from './model-step';
import { pause } from './pause';
import { describeRun, probe, type Probe } from './run-identity';
import { StepQueue } from './step-queue';
import { TrainingCheckpoint } from './training-checkpoint';
import { Validation } from './validation';

/** The interval at which input and signals are handled. */
const PAUSE_EVERY_MS = 20;

const PROBED_ROWS = 4;

/** One call of `fit`. Owns the optimizers' state, borrows the model. */
export class TrainingRun<B> {
  readonly #model: GenerativeModel<B>;
  readonly #data: TrainingData;
  readonly #options: FitOptions<B>;
  readonly #batch: AnyMakeBatch<B>;
  readonly #levels: number | undefined;
  readonly #program: ModelStep<B>;
  readonly #engine: Engine;
  readonly #validation: Validation<B> | undefined;
  readonly #checkpoint: TrainingCheckpoint | undefined;
  /** The term that the training curve shows first. */
  readonly #loss: string;
  readonly #startedAt = tf.util.now();
  #pausedAt = this.#startedAt;
  #secondsBefore = 0;
  readonly #state: TrainingState = initialState();
  #best: Weights | undefined;
  /** Where a recovery goes back to. */
  #good: Snapshot | undefined;
  #step: TrainStep<B> | undefined;
  #queue: StepQueue | undefined;
  readonly #warnings: string[] = [];
  /** What the newest checkpoint holds. */
  #saved: string | undefined;

  constructor(
    model: GenerativeModel<B>,
    data: TrainingData,
    options: FitOptions<B>,
    { batch, levels }: { readonly batch: AnyMakeBatch<B>; readonly levels: number | undefined },
  ) {
    this.#model = model;
    this.#data = data;
    this.#options = options;
    this.#batch = batch;
    this.#levels = levels;
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
      new TrainingCheckpoint(store, describeRun(options, data, this.#program.players), this.#program.state, {
        batches: batchesPerEpoch(data.train, this.#epochOptions()),
        probe: () => this.#probe(),
      });
  }

  async toTheEnd(): Promise<FitResult> {
    await this.#resume();
    const fallback = await readVariables(this.#model.parameters());
    try {
      this.#step = await this.#engine.prepare(this.#program);
      this.#queue = new StepQueue(this.#step, this.#state);
      await this.#tell('onStart', {
        epochs: this.#options.epochs,
        stepsPerEpoch: batchesPerEpoch(this.#data.train, this.#epochOptions()),
        resumedAt: this.#state.step,
      });
      await this.#keepGood();
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
      await this.#tellError(error);
      throw error;
    }
  }

  dispose(): void {
    this.#step?.dispose();
    this.#validation?.dispose();
    this.#program.dispose();
  }

  async #train(): Promise<StoppedBy> {
    const { epochs, earlyStopping } = this.#options;
    for (;;) {
      if (this.#state.progress.stale > (earlyStopping?.patience ?? Infinity)) return 'early-stopping';
      if (this.#state.epoch >= epochs) return 'epochs';
      try {
        const interruption = await this.#epoch();
        if (interruption !== undefined) return interruption;
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  /** Finishes the current epoch, unless it is interrupted. */
  async #epoch(): Promise<StoppedBy | undefined> {
    const options = {
      ...this.#epochOptions(),
      key: this.#key('order', this.#state.epoch),
      skip: this.#state.batch,
      check: { where: 'fit', levels: this.#levels, shape: this.#data.train.shape },
    };
    for await (const batch of epochBatches(this.#data.train, options)) {
      const interruption = this.#interruption();
      if (interruption !== undefined) return interruption;
      await this.#takeStep(batch);
    }
    await this.#endEpoch();
    return undefined;
  }

  #interruption(): StoppedBy | undefined {
    const { signal, maxSeconds = Infinity } = this.#options;
    if (signal?.aborted) return 'aborted';
    return this.#secondsHere() >= maxSeconds ? 'max-seconds' : undefined;
  }

  async #takeStep({ examples, rows }: Batch): Promise<void> {
    const taken = this.#state.step;
    const key = this.#key('step', taken);
    const rates = this.#program.players.map(({ objective, factory }) => [
      objective.name,
      factory.learningRate(taken),
    ]);
    const learningRates = Object.fromEntries(rates) as Record<string, number>;
    const batch = await this.#batch(examples, rows, { key: key.fold('batch'), training: true });
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
    checkFiniteWeights(await readVariables(this.#model.parameters()), this.#state.step);
    const epoch = this.#state.epoch + 1;
    const terms = Object.fromEntries(
      Object.entries(this.#state.sums).map(([term, { sum, examples }]) => [term, sum / examples]),
    );
    const train = terms[this.#loss]!;
    const { epochs, validateEvery = 1 } = this.#options;
    const isDue = epoch % validateEvery === 0 || epoch === epochs;
    const validation = isDue ? await this.#program.withAverages(() => this.#validate(epoch)) : undefined;
    const improved = validation !== undefined && this.#state.progress.best?.epoch === epoch;
    const point: CurvePoint = { epoch, train, terms, ...(validation !== undefined && { validation }) };
    this.#state.curve = [...this.#state.curve, point];
    Object.assign(this.#state, { epoch, batch: 0, sums: {} });
    await this.#keepGood();
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
    checkThat('fit', 'validate', typeof validation === 'number', {
      expected: 'to return a number',
      actual: show(validation),
    });
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

  /** Goes back to the last good state with other randomness, if that may still be done. */
  async #recover(error: unknown): Promise<void> {
    const { attempts } = this.#options.recover ?? { attempts: 0 };
    const recoveries = this.#state.recoveries + 1;
    if (!DgmError.is(error, 'numerical') || recoveries > attempts) throw error;
    await this.#queue!.discard();
    const { state, variables, best } = this.#good!;
    assignVariables(this.#program.state, variables);
    await this.#step!.load();
    Object.assign(this.#state, structuredClone(state), { recoveries });
    this.#best = best;
    await this.#warn(
      `${error.message}. Training goes back to epoch ${state.epoch} (recovery ${recoveries} of ${attempts}).`,
    );
  }

  /** Remembers the current state, at the end of an epoch, as the one that a recovery goes back to. */
  async #keepGood(): Promise<void> {
    if (this.#options.recover === undefined) return;
    if (this.#good !== undefined && this.#state.batch > 0) return;
    await this.#step!.sync();
    this.#good = {
      state: structuredClone(this.#state),
      variables: await readVariables(this.#program.state),
      best: this.#best,
    };
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
    const position = this.#position();
    if (this.#checkpoint === undefined || position === this.#saved) return;
    await this.#settle();
    await this.#checkpoint.save({
      state: { ...this.#state, seconds: this.#seconds() },
      best: this.#best,
      // At the end of an epoch the good state is the current one.
      good: this.#state.batch === 0 ? undefined : this.#good,
    });
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
    Object.assign(this.#state, restored.state);
    this.#best = restored.best;
    this.#good = restored.good;
    this.#secondsBefore = restored.state.seconds;
    this.#saved = this.#position();
  }

  /** The losses of a few examples, which tell one model from another; none for a source, which would have to be opened. */
  async #probe(): Promise<Probe> {
    const { train } = this.#data;
    if (isSource(train)) return {};
    const rows = allRows(Math.min(PROBED_ROWS, this.#options.batchSize, train.count));
    const key = this.#options.key.fold('probe');
    const batch = await this.#batch(train, rows, { key: key.fold('batch'), training: false });
    try {
      return await probe(this.#model.objectives(), batch, key);
    } finally {
      tf.dispose(batch as tf.TensorContainer);
    }
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

  /** Tells every callback. An error of one must not hide the error that it is told, which is thrown afterwards. */
  async #tellError(error: unknown): Promise<void> {
    for (const callback of this.#options.callbacks ?? []) {
      try {
        await callback.onError?.(error);
      } catch {
        continue;
      }
    }
  }

  #epochOptions() {
    const { batchSize, dropLast = false } = this.#options;
    return { batchSize, dropLast };
  }

  /** The key of an epoch's order or of a step: another one after each recovery. */
  #key(purpose: 'order' | 'step', index: number): Key {
    const { recoveries } = this.#state;
    const { key } = this.#options;
    const root = recoveries === 0 ? key : key.fold('recovery').fold(recoveries);
    return root.fold(purpose).fold(index);
  }

  #position(): string {
    const { epoch, step, recoveries } = this.#state;
    return `${epoch} ${step} ${recoveries}`;
  }

  #secondsHere(): number {
    return (tf.util.now() - this.#startedAt) / 1000;
  }

  #seconds(): number {
    return this.#secondsBefore + this.#secondsHere();
  }

  #result(stoppedBy: StoppedBy): FitResult {
    const { epoch, step, curve, progress, recoveries } = this.#state;
    return {
      epochs: epoch,
      steps: step,
      stoppedBy,
      ...(progress.best && { best: progress.best }),
      curve,
      recoveries,
      warnings: this.#warnings,
      seconds: this.#seconds(),
      msPerStep: this.#queue!.msPerStep(),
    };
  }
}
