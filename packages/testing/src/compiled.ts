import {
  adam,
  DgmError,
  eager,
  Key,
  ModelStep,
  type BoundModel,
  type Engine,
  type GenerativeModel,
  type LikelihoodModel,
  type Measure,
  type OptimizerFactory,
  type StepOptions,
  type StepProgram,
  type StepTerms,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { afterAll, describe, it } from 'vitest';
import { ensure } from './assert';
import type { ModelCase } from './model';
import type { CaseTable } from './register';
import { relativeError } from './relative-error';
import { tensorOf } from './tensors';

/** A model's case of the contract kit serves as it is; how it is trained may be said too. */
export interface CompiledCase extends Pick<ModelCase, 'make' | 'data' | 'measuresByReading'> {
  /** Adam with a learning rate of 1e-3 and an epsilon of 1e-4 unless told otherwise. */
  readonly training?: Partial<StepOptions>;
  /** The largest error that is allowed, relative to a value or to the values beside it; 1e-4 unless told otherwise. */
  readonly largestError?: number;
}

export type CompiledTable = CaseTable<CompiledCase>;

export interface CompiledOptions {
  /** The engine under test, made anew for each check. */
  readonly engine: () => Engine;
  /** Hears the errors that were measured; prints them unless given. */
  readonly report?: (line: string) => void;
}

const STEPS = 20;
const LARGEST_ERROR = 1e-4;

/**
 * Registers, for every model of the table, that an engine trains it to the numbers of `eager()`: loss terms, every
 * gradient, all variables after 20 steps; validation losses and likelihoods; the same random draws; batches of another
 * size; no growth.
 */
export function describeCompiled(table: CompiledTable, { engine, report = print }: CompiledOptions): void {
  for (const [name, makeCase] of Object.entries(table)) {
    describe(`${name} on the engine "${engine().name}"`, () => {
      const measured: Record<string, number> = {};
      for (const [statement, check] of Object.entries(compiledChecks)) {
        it(statement, async () => Object.assign(measured, await check(makeCase(), engine)));
      }
      afterAll(() => {
        const errors = Object.entries(measured).map(([what, error]) => `${what} ${error.toExponential(1)}`);
        report(`${name}: relative errors: ${errors.join(', ')}`);
      });
    });
  }
}

type CompiledCheck = (the: CompiledCase, engine: () => Engine) => Promise<Record<string, number>>;

/** Every check of an engine, by what it shows; each gives the errors that it measured. */
export const compiledChecks: Readonly<Record<string, CompiledCheck>> = {
  'computes every gradient of the eager engine': async (the, engine) => {
    const training = { ...the.training, optimizer: gradientKeeper };
    const [expected, actual] = await both({ ...the, training }, engine, { steps: 1 });
    return { gradients: compareState(the, actual, expected, (path) => path.startsWith('optimizer/')) };
  },

  'trains to the terms and variables of the eager engine': async (the, engine) => {
    const [expected, actual] = await both(the, engine, { steps: STEPS });
    return {
      terms: compareTerms(the, actual.terms, expected.terms),
      [`variables after ${STEPS} steps`]: compareState(the, actual, expected),
    };
  },

  'takes a smaller batch in between': async (the, engine) => {
    const [expected, actual] = await both(the, engine, { steps: 4, smallerAt: [2, 4] });
    compareTerms(the, actual.terms, expected.terms);
    compareState(the, actual, expected);
    return {};
  },

  'measures what the eager engine measures': async (the, engine) => {
    if (the.measuresByReading) {
      const refused = await measured(the, engine()).then(
        () => undefined,
        (error: unknown) => error,
      );
      ensure(DgmError.is(refused, 'unsupported'), `expected a refusal to capture, got ${String(refused)}`);
      return {};
    }
    const [expected, actual] = [await measured(the, eager()), await measured(the, engine())];
    const errors = expected.map(({ what, values }, index) =>
      ensureNear(the, actual[index]!.values, values, what),
    );
    return { measures: Math.max(...errors) };
  },

  'draws the bits that the eager engine draws': async (_, engine) => {
    const [expected, actual] = [await drawn(eager()), await drawn(engine())];
    expected.forEach((value, index) =>
      ensure(Object.is(actual[index], value), `draw ${index} is ${actual[index]}, expected ${value}`),
    );
    return {};
  },

  'holds no tensors beyond those of the step': async (the, engine) => {
    const before = tf.memory().numTensors;
    await trained(the, engine(), { steps: 2 });
    const left = tf.memory().numTensors - before;
    ensure(left === 0, `${left} tensors are left after the step was disposed of`);
    const counts: number[] = [];
    await trained(the, engine(), { steps: 6, afterStep: () => counts.push(tf.memory().numTensors) });
    ensure(counts[1] === counts[5], `from step 2 to 6 the tensors grow from ${counts[1]} to ${counts[5]}`);
    return {};
  },
};

/**
 * Some weights have a gradient of 0 in theory (an attention's key bias, a shift before a norm): with its usual epsilon Adam
 * takes full steps along the rounding errors of such a gradient, and those differ between any two engines.
 */
const calmAdam = adam({ learningRate: 1e-3, epsilon: 1e-4 });

interface Course {
  readonly steps: number;
  /** Steps, from 1, that see one example less. */
  readonly smallerAt?: readonly number[];
  readonly afterStep?: () => void;
}

interface Trained {
  readonly terms: readonly StepTerms[];
  readonly state: ReadonlyMap<string, Float32Array>;
}

async function both(the: CompiledCase, engine: () => Engine, course: Course): Promise<[Trained, Trained]> {
  return [await trained(the, eager(), course), await trained(the, engine(), course)];
}

/** Trains the case's model on an engine; frees everything. */
async function trained(the: CompiledCase, engine: Engine, course: Course): Promise<Trained> {
  const model: GenerativeModel = the.make(Key.of(0));
  const program = new ModelStep(model, { optimizer: calmAdam, ...the.training });
  const batch = typeof the.data === 'function' ? the.data() : tensorOf(the.data);
  const smaller = tf.slice(batch, [0], [batch.shape[0]! - 1]);
  const step = await engine.prepare(program);
  const terms: StepTerms[] = [];
  try {
    for (let index = 1; index <= course.steps; index++) {
      await step.run({
        batch: course.smallerAt?.includes(index) ? smaller : batch,
        key: Key.of(1).fold(index),
        learningRates: Object.fromEntries(
          program.players.map(({ objective, factory }) => [objective.name, factory.learningRate(index - 1)]),
        ),
        step: index,
      });
      terms.push(...(await step.drain()));
      course.afterStep?.();
    }
    await step.sync();
    const state = [...program.state].map(
      ([path, variable]) => [path, Float32Array.from(variable.dataSync())] as const,
    );
    return { terms, state: new Map(state) };
  } finally {
    step.dispose();
    program.dispose();
    model.dispose();
    tf.dispose([batch, smaller]);
  }
}

interface Measured {
  readonly what: string;
  readonly values: Float32Array;
}

/** What validation and evaluation ask of the case's model, on an engine; frees everything. */
async function measured(the: CompiledCase, engine: Engine): Promise<readonly Measured[]> {
  const model: GenerativeModel = the.make(Key.of(0));
  const batch = typeof the.data === 'function' ? the.data() : tensorOf(the.data);
  const results: Measured[] = [];
  try {
    for (const [what, measure] of Object.entries(measuresOf(model))) {
      const prepared = await engine.prepareMeasure(measure);
      try {
        results.push({ what, values: await prepared.run(batch, Key.of(2)) });
      } finally {
        prepared.dispose();
      }
    }
    return results;
  } finally {
    model.dispose();
    batch.dispose();
  }
}

function measuresOf(model: GenerativeModel): Readonly<Record<string, Measure<Tensor>>> {
  const losses = model
    .objectives()
    .map(({ name, loss }) => [
      `the validation loss ${name}`,
      (batch: Tensor, key: Key) => loss(batch, key, { training: false }).total,
    ]);
  return {
    ...(Object.fromEntries(losses) as Record<string, Measure<Tensor>>),
    ...('logProb' in model ? { logProb: (x, key) => (model as LikelihoodModel).logProb(x, key) } : {}),
    ...('elbo' in model ? { elbo: (x, key) => (model as BoundModel).elbo(x, key) } : {}),
  };
}

function compareTerms(
  the: CompiledCase,
  actual: readonly StepTerms[],
  expected: readonly StepTerms[],
): number {
  return Math.max(
    ...expected.flatMap((terms, step) =>
      Object.entries(terms).map(([name, value]) =>
        ensureNear(the, [actual[step]![name]!], [value], `term ${name} of step ${step + 1}`),
      ),
    ),
  );
}

function compareState(
  the: CompiledCase,
  actual: Trained,
  expected: Trained,
  wanted: (path: string) => boolean = () => true,
): number {
  const paths = [...expected.state].filter(([path]) => wanted(path));
  return Math.max(...paths.map(([path, values]) => ensureNear(the, actual.state.get(path)!, values, path)));
}

function ensureNear(
  { largestError = LARGEST_ERROR }: CompiledCase,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
): number {
  const error = relativeError(actual, expected);
  ensure(error <= largestError, `${what} differs from eager by ${error.toExponential(1)} (relative)`);
  return error;
}

/** Leaves the weights alone and keeps their gradients, where an optimizer keeps its slots. */
const gradientKeeper: OptimizerFactory = {
  name: 'gradient-keeper',
  learningRate: () => 0,
  hyperparameters: {},
  create: (variables) => {
    const kept = new Map(
      [...variables].map(([path, { shape }]) => [path, tf.tidy(() => tf.variable(tf.zeros(shape), false))]),
    );
    return {
      parameters: () => kept,
      apply: (gradients: ReadonlyMap<string, Tensor>) =>
        gradients.forEach((gradient, path) => kept.get(path)!.assign(gradient)),
      dispose: () => tf.dispose([...kept.values()]),
    };
  },
};

/** What a step sees of every kind of draw, from keys that are derived in every way. */
async function drawn(engine: Engine): Promise<readonly number[]> {
  const size = 7;
  const samplers: readonly ((key: Key) => Tensor)[] = [
    (key) => key.normal([size]),
    (key) => key.uniform([size]),
    (key) => key.uniform([size], { min: -2, max: 3 }),
    (key) => key.gumbel([size]),
    (key) => key.logistic([size]),
    (key) => key.exponential([size]),
    (key) => key.bernoulli([size], 0.3),
    (key) =>
      key
        .fold('name')
        .fold(2 ** 40)
        .split(3)[2]!
        .normal([size]),
  ];
  const seen: Variable[] = samplers.map(() => tf.tidy(() => tf.variable(tf.zeros([size]), false)));
  const program: StepProgram<Tensor[]> = {
    state: new Map(seen.map((variable, index) => [`draw/${index}`, variable])),
    run: ({ key }) =>
      tf.tidy(() => {
        samplers.forEach((sampler, index) => seen[index]!.assign(sampler(key.fold(index))));
        return { total: tf.scalar(0) };
      }),
  };
  const step = await engine.prepare(program);
  try {
    await step.run({ batch: [], key: Key.of(5), learningRates: {}, step: 1 });
    await step.drain();
    await step.sync();
    return seen.flatMap((variable) => [...variable.dataSync()]);
  } finally {
    step.dispose();
    tf.dispose(seen);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
