import { Key, loadWeights, saveWeights, type GenerativeModel, type Objective } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose, ensureFinite, ensureThrows } from './assert';
import { expectNoLeaks } from './leaks';
import { checkModule, ensureEveryGradient, ensureSameWeights, sameBits } from './module';
import { describeTable, when, type CaseTable, type Checks } from './register';
import { meanAndError } from './statistics';
import { take, tensorOf, type Numbers } from './tensors';
import { STANDARD_ERRORS, tolerances, type Tolerances } from './tolerances';

export interface ModelCase {
  readonly make: (key: Key) => GenerativeModel;
  /** A small batch that the model can learn, `[n, ...event]`: nested numbers, or a function that makes the tensor. */
  readonly data: Numbers | (() => Tensor);
  /** Training steps on the batch; 60 unless told otherwise. */
  readonly steps?: number;
  /** Adam's; 1e-2 unless told otherwise. */
  readonly learningRate?: number;
  /** How much the first objective's loss must fall, in its unit; 0 (any fall) unless told otherwise. */
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
  /** Its likelihood reads values on its way (a solver that adapts its steps), so that an engine cannot record it. */
  readonly measuresByReading?: boolean;
  readonly tolerance?: Partial<Tolerances>;
}

export type ModelTable = CaseTable<ModelCase>;

/** Every check of a model, by what it shows. Each throws when the model breaks it. */
export const modelChecks: Checks<ModelCase> = {
  'owns its variables under stable paths': (the) => checkModule(the.make),

  'learns: the loss falls, and every term stays finite': (the) =>
    withModel(the, (model, data) => {
      const { first, last } = train(model, data, the, Key.of(1));
      ensure(
        last < first - (the.fall ?? 0),
        `the loss went from ${first} to ${last} in ${the.steps ?? STEPS} steps`,
      );
    }),

  'repeats itself: two runs under one key end bit-equal': (the) =>
    withModel(the, (model, data) => {
      const other = the.make(Key.of(0));
      const few = { ...the, steps: 5 };
      train(model, data, few, Key.of(1));
      train(other, data, few, Key.of(1));
      try {
        ensureSameWeights(model, other, 'two runs under one key');
        const [a, b] = [take(model.sample(Key.of(2), 3)), take(other.sample(Key.of(2), 3))];
        ensure(sameBits(a, b), 'samples of two equal runs differ');
      } finally {
        other.dispose();
      }
    }),

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
      withModel(the, (model, data) => {
        const total = (): number => {
          const values = exactLogProb(model, tensorOf(the.everyEvent!)).dataSync();
          return Array.from(values).reduce((sum, value) => sum + Math.exp(value), 0);
        };
        const tolerance = tolerances(the.tolerance).mass;
        ensureClose([total()], [1], tolerance, 'probability of every event at the start');
        train(model, data, the, Key.of(1));
        ensureClose([total()], [1], tolerance, 'probability of every event after training');
      }),
  ),

  'has a bound that is one': when(
    ({ exactLogLikelihood }) => exactLogLikelihood !== undefined,
    (the) =>
      withModel(the, (model, data) => {
        for (const moment of ['at the start', 'after training']) {
          if (moment === 'after training') train(model, data, the, Key.of(1));
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
        }
      }),
  ),

  'is its weights and nothing else: saved and loaded it draws the same bits': async (the) => {
    const [model, other] = [the.make(Key.of(0)), the.make(Key.of(9))];
    try {
      tf.tidy(() => train(model, dataOf(the), { ...the, steps: 3 }, Key.of(1)));
      loadWeights(other, await saveWeights(model));
      ensureSameWeights(model, other, 'saved and loaded');
      const [a, b] = [model, other].map((each) => take(each.sample(Key.of(2), 3)));
      ensure(sameBits(a!, b!), 'a model with the same weights draws other samples');
    } finally {
      model.dispose();
      other.dispose();
    }
  },

  'refuses a wrong shape': (the) =>
    withModel(the, (model, data) => {
      const wrong = tf.zeros([...(the.wrongShape ?? [...data.shape.slice(0, -1), data.shape.at(-1)! + 1])]);
      for (const objective of model.objectives()) {
        expectNoLeaks(
          () =>
            ensureThrows(
              () => objective.loss(wrong, Key.of(1), { training: true }),
              'shape',
              `loss of [${wrong.shape}]`,
            ),
          'the refusal',
        );
      }
    }),

  'frees what it makes and keeps what it borrows': (the) =>
    withModel(the, (model, data) => {
      model.sample(Key.of(0), 1).dispose(); // whatever is made at the first use now exists
      for (const objective of model.objectives()) {
        tf.dispose(objective.loss(data, Key.of(1), { training: true }));
        for (const training of [true, false]) {
          expectNoLeaks(
            () => tf.dispose(objective.loss(data, Key.of(1), { training })),
            `loss (training: ${training})`,
          );
        }
      }
      expectNoLeaks(() => model.sample(Key.of(0), 2).dispose(), 'sample');
      expectNoLeaks(() => train(model, data, { ...the, steps: 10 }, Key.of(1)), 'ten training steps');
      ensure(!data.isDisposed, 'the model disposed of its data');
    }),
};

/** Registers the checks of every model of the table. */
export function describeModel(table: ModelTable): void {
  describeTable(table, modelChecks);
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

/** Trains with tfjs's own Adam, so that a model is judged apart from the project's trainer. */
function train(
  model: GenerativeModel,
  data: Tensor,
  { steps = STEPS, learningRate = 1e-2 }: ModelCase,
  key: Key,
): { first: number; last: number } {
  const players = model
    .objectives()
    .map((objective) => ({ objective, optimizer: tf.train.adam(learningRate) }));
  const losses: number[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      players.forEach(({ objective, optimizer }, index) => {
        const { value, grads } = gradientsOf(objective, data, key.fold(step).fold(objective.name));
        if (index === 0) losses.push(value);
        optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
        tf.dispose(grads);
      });
    }
  } finally {
    players.forEach(({ optimizer }) => optimizer.dispose());
  }
  const window = Math.max(1, Math.floor(steps / 10));
  return { first: mean(losses.slice(0, window)), last: mean(losses.slice(-window)) };
}

function gradientsOf(
  objective: Objective,
  data: Tensor,
  key: Key,
): { value: number; grads: Record<string, Tensor> } {
  ensure(objective.parameters.length > 0, `objective ${objective.name} has no parameters`);
  const terms: Record<string, number> = {};
  const { value, grads } = tf.variableGrads(() => {
    const loss = objective.loss(data, key, { training: true });
    for (const [name, term] of Object.entries(loss) as [string, Scalar][]) terms[name] = term.dataSync()[0]!;
    return loss.total;
  }, [...new Set(objective.parameters)]);
  value.dispose();
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
