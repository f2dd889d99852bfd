import { DgmError, eager } from '@dgm/core';
import type { Engine } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, it } from 'vitest';
import { ensure } from './assert';
import { drawn } from './compiled/drawn';
import { gradientKeeper, gradientSlot, isGradient } from './compiled/gradient-keeper';
import { measured } from './compiled/measured';
import { compareState, compareTerms, ensureNear } from './compiled/near';
import { trained, trainingOf } from './compiled/trained';
import type { CompiledCase, Trained } from './compiled/trained';
import type { CaseTable } from './register';

export type CompiledTable = CaseTable<CompiledCase>;

export interface CompiledOptions {
  /** The engine under test, made anew for each check. */
  readonly engine: () => Engine;
  /** Called with the errors that were measured. @defaultValue prints them */
  readonly report?: (line: string) => void;
}

/** Registers that an engine does what `eager()` does: its random draws, and the training of every model of the table. */
export function describeCompiled(table: CompiledTable, { engine, report = print }: CompiledOptions): void {
  describe(`the engine "${engine().name}"`, () => {
    for (const [statement, check] of Object.entries(engineChecks)) it(statement, () => check(engine));
  });
  for (const [name, makeCase] of Object.entries(table)) {
    describe(`${name} on the engine "${engine().name}"`, () => {
      const the = makeCase();
      const measured: Record<string, number> = {};
      for (const [statement, check] of Object.entries(compiledChecks)) {
        it(statement, async () => Object.assign(measured, await check(the, engine)), LONGEST);
      }
      afterAll(() => {
        courses.get(engine)?.delete(the);
        const errors = Object.entries(measured).map(([what, error]) => `${what} ${error.toExponential(1)}`);
        report(`${name}: relative errors: ${errors.join(', ')}`);
      });
    });
  }
}

/** Checks of an engine without a model, by what they show. */
export const engineChecks: Readonly<Record<string, (engine: () => Engine) => Promise<void>>> = {
  'draws the bits that the eager engine draws': async (engine) => {
    const [expected, actual] = [await drawn(eager()), await drawn(engine())];
    expected.forEach((value, index) =>
      ensure(Object.is(actual[index], value), `draw ${index} is ${actual[index]}, expected ${value}`),
    );
  },
};

type CompiledCheck = (the: CompiledCase, engine: () => Engine) => Promise<Record<string, number>>;

/** Every check of a model on an engine, by what it shows; each gives the errors that it measured. */
export const compiledChecks: Readonly<Record<string, CompiledCheck>> = {
  'computes every gradient of the eager engine': async (the, engine) => {
    const slot = gradientSlot(trainingOf(the).optimizer);
    const { expected, actual } = await (slot === undefined ? keptGradients : course)(the, engine);
    return {
      gradients: compareState(the, actual.first, expected.first, (path) => isGradient(path, slot)),
    };
  },

  'trains to the terms and variables of the eager engine, also by smaller batches': async (the, engine) => {
    const { expected, actual } = await course(the, engine);
    return {
      terms: compareTerms(the, actual.terms, expected.terms),
      [`variables after ${STEPS} steps`]: compareState(the, actual.state, expected.state),
    };
  },

  'holds no tensors beyond those of the step': async (the, engine) => {
    const { counts, left } = await course(the, engine);
    ensure(left === 0, `${left} tensors are left after the step was disposed of`);
    const [settled, last] = [counts[Math.max(...SMALLER_AT)], counts.at(-1)];
    ensure(settled === last, `the tensors grow from ${settled} to ${last} while both sizes are known`);
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
};

const STEPS = 10;

/** In milliseconds: the first check of a large model on a busy machine compiles for longer than most tests take. */
const LONGEST = 120_000;

/** The steps that see one example less. An engine that compiles does so once for each size. */
const SMALLER_AT = [2, 4];

interface TrainedByBoth {
  readonly expected: Trained;
  readonly actual: Trained;
}

async function keptGradients(the: CompiledCase, engine: () => Engine): Promise<TrainedByBoth> {
  const single = { ...the, training: { ...the.training, optimizer: gradientKeeper } };
  return {
    expected: await trained(single, eager(), { steps: 1 }),
    actual: await trained(single, engine(), { steps: 1 }),
  };
}

interface CourseOfBoth extends TrainedByBoth {
  /** The tensors after each step of the engine under test. */
  readonly counts: readonly number[];
  /** The tensors that it leaves. */
  readonly left: number;
}

/** What was trained, which the checks share: compiling a step takes most of their time. */
const courses = new WeakMap<() => Engine, Map<CompiledCase, Promise<CourseOfBoth>>>();

function course(the: CompiledCase, engine: () => Engine): Promise<CourseOfBoth> {
  const known = courses.get(engine) ?? new Map<CompiledCase, Promise<CourseOfBoth>>();
  courses.set(engine, known);
  const started = known.get(the) ?? runCourse(the, engine);
  known.set(the, started);
  return started;
}

async function runCourse(the: CompiledCase, engine: () => Engine): Promise<CourseOfBoth> {
  const steps = { steps: STEPS, smallerAt: SMALLER_AT };
  const expected = await trained(the, eager(), steps);
  const before = tf.memory().numTensors;
  const counts: number[] = [];
  const afterStep = (): unknown => counts.push(tf.memory().numTensors);
  const actual = await trained(the, engine(), { ...steps, afterStep });
  return { expected, actual, counts, left: tf.memory().numTensors - before };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
