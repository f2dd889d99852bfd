import { DgmError, eager } from '@dgm/core';
import type { Engine } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, it } from 'vitest';
import { ensure } from './assert';
import { drawn } from './compiled/drawn';
import { gradientKeeper } from './compiled/gradient-keeper';
import { measured } from './compiled/measured';
import { compareState, compareTerms, ensureNear } from './compiled/near';
import { trained } from './compiled/trained';
import type { CompiledCase, Course, Trained } from './compiled/trained';
import type { CaseTable } from './register';

export type CompiledTable = CaseTable<CompiledCase>;

export interface CompiledOptions {
  /** The engine under test, made anew for each check. */
  readonly engine: () => Engine;
  /** Called with the errors that were measured. @defaultValue prints them */
  readonly report?: (line: string) => void;
}

const STEPS = 20;

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

async function both(the: CompiledCase, engine: () => Engine, course: Course): Promise<[Trained, Trained]> {
  return [await trained(the, eager(), course), await trained(the, engine(), course)];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
