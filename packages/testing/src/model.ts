import {
  DgmError,
  Key,
  loadWeights,
  modelBytes,
  prepareLoss,
  saveWeights,
  validatedObjective,
  type GenerativeModel,
  type LossTerms,
  type ModelPackage,
  type Objective,
  type SampleOptions,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose, ensureFinite, ensureThrows } from './assert';
import { checkEmpty, ensureShape, withoutRows } from './empty-batch';
import { expectNoLeaks } from './leaks';
import { checkModule, ensureEveryGradient, sameBits } from './module';
import { checkModelFile } from './model-file';
import { describeTable, oncePerCase, when, type CaseTable, type Checks } from './register';
import { meanAndError } from './statistics';
import { take, tensorOf, type Numbers } from './tensors';
import { STANDARD_ERRORS, tolerances, type Tolerances } from './tolerances';

export interface ModelCase {
  readonly make: (key: Key) => GenerativeModel;
  /** A small batch that the model can learn, `[n, ...event]`: nested numbers, or a function that makes the tensor. */
  readonly data: Numbers | (() => Tensor);
  /**
   * Training steps on the batch.
   * @defaultValue 60
   */
  readonly steps?: number;
  /**
   * Adam's learning rate.
   * @defaultValue 1e-2
   */
  readonly learningRate?: number;
  /**
   * What training must lower, for a model whose losses do not say how good it is (a GAN, an energy-based model): a distance
   * between its samples and the data, for example. It is measured before and after training with one key.
   * @defaultValue the mean loss of the model's validated objective over the first and the last tenth of the steps
   */
  readonly measure?: (model: GenerativeModel, data: Tensor, key: Key) => number;
  /**
   * How much the loss, or `measure`, must fall, in its unit.
   * @defaultValue 0, any fall
   */
  readonly fall?: number;
  /** The range of samples, both ends included. */
  readonly range?: readonly [number, number];
  /** Every event, for small discrete spaces: the exact likelihood must sum to 1, at the start and after training. */
  readonly everyEvent?: readonly Numbers[];
  /** Log-likelihood of examples by another way (enumeration of the latents, a closed form), for models with a bound. */
  readonly exactLogLikelihood?: (model: GenerativeModel, x: Tensor) => Tensor;
  /** Weights that get no gradient at the start by design, by path. */
  readonly zeroGradient?: readonly string[];
  /** A shape of `data` that must be refused; by default the last axis one longer. */
  readonly wrongShape?: readonly number[];
  /** Its likelihood reads values (a solver that adapts its steps), so that an engine cannot record it. */
  readonly measuresByReading?: boolean;
  /** The packages of parts that are no package of this project, such as a wrapper of the tests. */
  readonly packages?: readonly ModelPackage[];
  /** Why a model file cannot hold the model: the option that is a function. @defaultValue it can */
  readonly notInFiles?: string;
  readonly tolerance?: Partial<Tolerances>;
}

export type ModelTable = CaseTable<ModelCase>;

/** Every check of a model, by what it shows. Each throws when the model breaks it. */
export const modelChecks: Checks<ModelCase> = {
  'owns its variables under stable paths': (the) => checkModule(the.make),

  'learns: what it improves falls, and every term stays finite': async (the) => {
    const { from, to, steps } = await trained(the);
    ensure(
      from !== undefined && to !== undefined,
      'a model without a validated objective needs a `measure` in its case',
    );
    ensure(
      to < from - (the.fall ?? 0),
      `${the.measure ? 'the measure' : 'the loss'} went from ${from} to ${to} in ${steps} steps`,
    );
  },

  'repeats itself: two runs under one key end bit-equal': async (the) => {
    const [{ early }, { early: again }] = [
      await trained(the),
      await runCourse({ ...the, steps: earlyOf(the) }),
    ];
    ensure(sameBits(early.weights, again.weights), 'two runs under one key end with other weights');
    ensure(sameBits(early.samples, again.samples), 'samples of two equal runs differ');
  },

  'draws samples of its event shape and range': (the) =>
    withModel(the, (model) => {
      for (const n of [1, 3]) {
        const samples = model.sample(Key.of(0), n);
        const expected = [n, ...model.eventShape];
        ensure(
          String(samples.shape) === String(expected),
          `samples have shape [${samples.shape}], expected [${expected}]`,
        );
        const values = samples.dataSync();
        ensureFinite(values, 'samples');
        const [low, high] = the.range ?? [-Infinity, Infinity];
        ensure(
          values.every((value) => value >= low && value <= high),
          `samples leave the range [${low}, ${high}]`,
        );
      }
      const [a, b] = [take(model.sample(Key.of(0), 8)), take(model.sample(Key.of(1), 8))];
      ensure(!sameBits(a, b), 'two keys gave the same samples');
    }),

  'takes an empty batch, or refuses it by name': (the) =>
    withModel(the, (model, data) => {
      checkEmpty(() => ensureShape(model.sample(Key.of(0), 0).shape, [0, ...model.eventShape], 'no samples'));
      const none = withoutRows(data);
      for (const objective of model.objectives()) {
        checkEmpty(() =>
          ensureShape(lossOf(objective, none, true).total.shape, [], `loss ${objective.name}`),
        );
      }
      const { logProb, elbo, energy } = model as MeasuredModel;
      checkEmpty(() => logProb && ensureShape(logProb.call(model, none, Key.of(2)).shape, [0], 'logProb'));
      checkEmpty(() => elbo && ensureShape(elbo.call(model, none, Key.of(2)).shape, [0], 'elbo'));
      checkEmpty(() => energy && ensureShape(energy.call(model, none).shape, [0], 'energy'));
    }),

  'refuses a number of samples that is none': (the) =>
    withModel(the, (model) => {
      for (const n of [1.5, -1, NaN]) {
        expectNoLeaks(
          () => ensureThrows(() => model.sample(Key.of(0), n), 'argument', `${n} samples`),
          'the refusal',
        );
      }
    }),

  'refuses what are no options of sample, and a context that it does not take': (the) =>
    withModel(the, (model, data) => {
      const sampleWith = (options: unknown) => () => model.sample(Key.of(0), 1, options as SampleOptions);
      const { contextSize = 0 } = model as { readonly contextSize?: number };
      const context = tf.zeros([data.shape[0]!, 1]);
      const batch = { x: data, context } as unknown as Tensor;
      expectNoLeaks(() => {
        ensureThrows(sampleWith(null), 'argument', 'null for the options of sample');
        ensureThrows(sampleWith({ contxt: context }), 'argument', 'a misspelt option of sample');
        if (contextSize > 0) return;
        ensureThrows(sampleWith({ context }), undefined, 'sample with a context');
        for (const objective of model.objectives()) {
          ensureThrows(
            () => lossOf(objective, batch, true),
            undefined,
            `loss ${objective.name} with a context`,
          );
        }
      }, 'the refusals');
    }),

  'says that it was disposed of to whoever still uses it': (the) => {
    const model = the.make(Key.of(0));
    model.dispose();
    expectNoLeaks(
      () => ensureThrows(() => model.sample(Key.of(0), 2), 'state', 'a sample of a disposed model'),
      'the refusal',
    );
  },

  'gives every trainable parameter a gradient': (the) =>
    withModel(the, (model, data) => {
      const reached: Record<string, Tensor> = {};
      for (const objective of model.objectives()) {
        Object.assign(reached, gradientsOf(objective, data, Key.of(1)).grads);
      }
      ensureEveryGradient(model, reached, the.zeroGradient);
    }),

  'has a likelihood that sums to 1, before and after training': when(
    ({ everyEvent }) => everyEvent !== undefined,
    (the) =>
      atStartAndAfterTraining(the, (model, _data, moment) => {
        const values = exactLogProb(model, tensorOf(the.everyEvent!)).dataSync();
        const total = Array.from(values).reduce((sum, value) => sum + Math.exp(value), 0);
        ensureClose([total], [1], tolerances(the.tolerance).mass, `probability of every event ${moment}`);
      }),
  ),

  'has a bound that is one': when(
    ({ exactLogLikelihood }) => exactLogLikelihood !== undefined,
    (the) =>
      atStartAndAfterTraining(the, (model, data, moment) => {
        const truth = mean(Array.from(the.exactLogLikelihood!(model, data).dataSync()));
        const { mean: center, standardError } = meanAndError(
          Key.of(3)
            .split(64)
            .map((key) => mean(Array.from(bound(model, data, key).dataSync()))),
        );
        ensure(
          center <= truth + STANDARD_ERRORS * standardError + 1e-4 * Math.abs(truth),
          `${moment} the bound ${center} (standard error ${standardError}) exceeds the log-likelihood ${truth}`,
        );
      }),
  ),

  'is its weights and nothing else: saved and loaded it draws the same bits': async (the) => {
    const { early } = await trained(the);
    const other = the.make(Key.of(9));
    try {
      loadWeights(other, early.file);
      ensure(sameBits(weightsOf(other), early.weights), 'saved and loaded, the weights differ');
      const samples = take(other.sample(Key.of(2), 3));
      ensure(sameBits(samples, early.samples), 'a model with the same weights draws other samples');
    } finally {
      other.dispose();
    }
  },

  'is a file: read back, it says the same of data and draws the same, to the bit': when(
    ({ notInFiles }) => notInFiles === undefined,
    async (the) => {
      const [model, data] = [the.make(Key.of(0)), tf.tidy(() => dataOf(the))];
      try {
        loadWeights(model, (await trained(the)).early.file);
        await checkModelFile(model, (each) => saysOf(each, data), the.packages);
      } finally {
        model.dispose();
        data.dispose();
      }
    },
  ),

  'is refused by name where a model file cannot hold it': when(
    ({ notInFiles }) => notInFiles !== undefined,
    async (the) => {
      const model = the.make(Key.of(0));
      const refusal: unknown = await modelBytes(model).then(
        () => undefined,
        (error: unknown) => error,
      );
      model.dispose();
      ensure(DgmError.is(refusal, 'serialization'), `expected a refusal, as ${the.notInFiles}`);
    },
  ),

  'refuses a wrong shape': (the) =>
    withModel(the, (model, data) => {
      const wrong = tf.zeros([...(the.wrongShape ?? [...data.shape.slice(0, -1), data.shape.at(-1)! + 1])]);
      for (const objective of model.objectives()) {
        expectNoLeaks(
          () => ensureThrows(() => lossOf(objective, wrong, true), 'shape', `loss of [${wrong.shape}]`),
          'the refusal',
        );
      }
    }),

  'frees what it makes and keeps what it borrows': async (the) => {
    withModel(the, (model, data) => {
      model.sample(Key.of(0), 1).dispose(); // whatever is made at the first use now exists
      for (const objective of model.objectives()) {
        tf.dispose(lossOf(objective, data, true));
        for (const training of [true, false]) {
          expectNoLeaks(() => tf.dispose(lossOf(objective, data, training)), `loss (training: ${training})`);
        }
      }
      expectNoLeaks(() => model.sample(Key.of(0), 2).dispose(), 'sample');
    });
    const { left, steps, keptData } = await trained(the);
    ensure(left === 0, `${steps} training steps left ${left} tensors behind`);
    ensure(keptData, 'the model disposed of its data');
  },
};

/** Registers the checks of every model of the table. */
export function describeModel(table: ModelTable): void {
  describeTable(table, modelChecks);
}

/** What a model may say of examples, `[n]`. */
interface MeasuredModel {
  logProb?(x: Tensor, key: Key): Tensor;
  elbo?(x: Tensor, key: Key): Tensor;
  energy?(x: Tensor): Tensor;
}

/** What a model says of data, and what it draws. */
function saysOf(model: GenerativeModel, data: Tensor): Record<string, Tensor> {
  const { logProb, elbo, energy } = model as MeasuredModel;
  return {
    samples: model.sample(Key.of(2), 3),
    ...(logProb && { logProb: logProb.call(model, data, Key.of(3)) }),
    ...(elbo && { elbo: elbo.call(model, data, Key.of(3)) }),
    ...(energy && { energy: energy.call(model, data) }),
  };
}

const STEPS = 60;

function withModel(the: ModelCase, use: (model: GenerativeModel, data: Tensor) => void): void {
  const model = the.make(Key.of(0));
  try {
    tf.tidy(() => use(model, dataOf(the)));
  } finally {
    model.dispose();
  }
}

function dataOf({ data }: ModelCase): Tensor {
  return typeof data === 'function' ? data() : tensorOf(data);
}

/** The terms of one loss, with what the objective prepares for it. */
function lossOf(objective: Objective, data: Tensor, training: boolean): LossTerms {
  const options = prepareLoss(objective, data, Key.of(1), { training });
  try {
    return objective.loss(data, Key.of(1), options);
  } finally {
    tf.dispose({ ...options.prepared });
  }
}

/** The steps after which a course is compared with another. */
const earlyOf = ({ steps = STEPS }: ModelCase): number => Math.min(5, steps);

/** The steps after which a likelihood is summed again, at least. */
const BEFORE_SUM = 30;

interface Course {
  /** What training must lower, before and after: the case's `measure`, or mean losses of the validated objective. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly steps: number;
  /** The model after the first steps. */
  readonly early: {
    readonly file: Uint8Array;
    readonly weights: readonly number[];
    readonly samples: readonly number[];
  };
  /** The weights at the end, as a file. */
  readonly end: Uint8Array;
  /** The tensors by which the steps after the first have added to those that live. */
  readonly left: number;
  /** Whether the batch is as alive afterwards as before. */
  readonly keptData: boolean;
}

/** The one training of a case, which its checks share. */
const trained = oncePerCase(runCourse);

/**
 * Trains with tfjs's own Adam, so that a model is judged apart from the project's trainer. All objectives are trained at
 * each step.
 */
async function runCourse(the: ModelCase): Promise<Course> {
  const { steps: most = STEPS, learningRate = 1e-2, fall } = the;
  const model = the.make(Key.of(0));
  const data = tf.tidy(() => dataOf(the));
  const validated = validatedObjective(model)?.name;
  const players = model
    .objectives()
    .map((objective) => ({ objective, optimizer: tf.train.adam(learningRate) }));
  const measured = (): number | undefined => tf.tidy(() => the.measure?.(model, data, Key.of(4)));
  const losses: number[] = [];
  const takeStep = (index: number): void =>
    players.forEach(({ objective, optimizer }) => {
      const key = Key.of(1).fold(index).fold(objective.name);
      const { value, grads } = gradientsOf(objective, data, key);
      if (objective.name === validated) losses.push(value);
      optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      tf.dispose(grads);
      objective.afterUpdate?.();
    });
  // A loss that has fallen beyond doubt need not be seen to fall further.
  const least = Math.min(most, leastSteps(the));
  const enough = (): boolean => losses.length >= least && hasFallen(losses, fall);
  let [steps, left] = [0, 0];
  let early: Course['early'] | undefined;
  try {
    const before = measured();
    while (steps < most && !enough()) {
      const tensors = tf.memory().numTensors;
      takeStep(steps++);
      if (steps > 1) left += tf.memory().numTensors - tensors; // whatever is made at the first use now exists
      if (steps === earlyOf(the)) {
        const [file, weights] = [await saveWeights(model), weightsOf(model)];
        early = { file, weights, samples: take(model.sample(Key.of(2), 3)) };
      }
    }
    const window = Math.max(1, Math.floor(losses.length / 10));
    const lossOver = (part: readonly number[]): number | undefined =>
      part.length === 0 ? undefined : mean(part);
    return {
      from: before ?? lossOver(losses.slice(0, window)),
      to: measured() ?? lossOver(losses.slice(-window)),
      steps,
      early: early!,
      end: await saveWeights(model),
      left,
      keptData: !data.isDisposed,
    };
  } finally {
    players.forEach(({ optimizer }) => optimizer.dispose());
    model.dispose();
    data.dispose();
  }
}

/** The steps that a check of the case asks for, however soon the loss has fallen. */
function leastSteps({ measure, exactLogLikelihood, everyEvent, steps = STEPS }: ModelCase): number {
  if (measure !== undefined || exactLogLikelihood !== undefined) return steps;
  return everyEvent === undefined ? 0 : BEFORE_SUM;
}

async function atStartAndAfterTraining(
  the: ModelCase,
  check: (model: GenerativeModel, data: Tensor, moment: string) => void,
): Promise<void> {
  const { end } = await trained(the);
  withModel(the, (model, data) => {
    check(model, data, 'at the start');
    loadWeights(model, end);
    check(model, data, 'after training');
  });
}

/** The values of every weight, in the order of the paths. */
function weightsOf(model: GenerativeModel): number[] {
  return [...model.parameters().values()].flatMap((variable) => Array.from(variable.dataSync()));
}

/** Whether each of the last ten losses is below each of the first ten, by as much as is asked for. */
function hasFallen(losses: readonly number[], fall = 0): boolean {
  return losses.length >= 20 && Math.max(...losses.slice(-10)) < Math.min(...losses.slice(0, 10)) - fall;
}

function gradientsOf(
  objective: Objective,
  data: Tensor,
  key: Key,
): { value: number; grads: Record<string, Tensor> } {
  ensure(objective.parameters.length > 0, `objective ${objective.name} has no parameters`);
  const terms: Record<string, number> = {};
  const options = prepareLoss(objective, data, key, { training: true });
  const { value, grads } = tf.variableGrads(() => {
    const loss = objective.loss(data, key, options);
    for (const [name, term] of Object.entries(loss) as [string, Scalar][]) terms[name] = term.dataSync()[0]!;
    return loss.total;
  }, [...new Set(objective.parameters)]);
  value.dispose();
  tf.dispose({ ...options.prepared });
  for (const [name, term] of Object.entries(terms)) ensureFinite([term], `term ${name} of ${objective.name}`);
  return { value: terms['total']!, grads };
}

function exactLogProb(model: GenerativeModel, x: Tensor): Tensor {
  ensure('logProb' in model && typeof model.logProb === 'function', 'a model with everyEvent needs logProb');
  return model.logProb(x) as Tensor;
}

function bound(model: GenerativeModel, x: Tensor, key: Key): Tensor {
  ensure('elbo' in model && typeof model.elbo === 'function', 'a model with exactLogLikelihood needs elbo');
  return model.elbo(x, key) as Tensor;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
