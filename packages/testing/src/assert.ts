import { DgmError, type DgmErrorCode } from '@dgm/core';
import type { Tolerance } from './tolerances';

/** What a check of the kit throws when the thing under test breaks its contract. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}

let count = 0;

/** How often {@link ensure} has been called: a check that leaves this number as it was has shown nothing. */
export function assertions(): number {
  return count;
}

/** Throws a {@link ContractError} unless the condition holds. */
export function ensure(condition: boolean, message: string): asserts condition {
  count++;
  if (!condition) throw new ContractError(message);
}

/** Whether `|actual - expected| <= absolute + relative * |expected|`; infinities match themselves, NaN nothing. */
export function isClose(actual: number, expected: number, { relative, absolute }: Tolerance): boolean {
  return actual === expected || Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
}

/** Throws a {@link ContractError} that shows the worst entry unless all entries are close. */
export function ensureClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what: string,
): void {
  ensure(actual.length === expected.length, `${what}: ${actual.length} values instead of ${expected.length}`);
  for (let index = 0; index < actual.length; index++) {
    const [a, e] = [actual[index]!, expected[index]!];
    ensure(
      isClose(a, e, tolerance),
      `${what}: entry ${index} is ${a}, expected ${e} (relative ${tolerance.relative}, absolute ${tolerance.absolute})`,
    );
  }
}

/** Throws a {@link ContractError} unless every value is a finite number. */
export function ensureFinite(values: ArrayLike<number>, what: string): void {
  const bad = Array.from(values).findIndex((value) => !Number.isFinite(value));
  ensure(bad < 0, `${what}: entry ${bad} is ${values[bad]}, expected a finite number`);
}

/** Throws a {@link ContractError} unless `run` throws an error of this project, of the given kind where one is given. */
export function ensureThrows(run: () => unknown, code: DgmErrorCode | undefined, what: string): void {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  ensure(
    DgmError.is(thrown, code),
    `${what}: expected a DgmError${code === undefined ? '' : ` with code "${code}"`}, got ${thrown === undefined ? 'no error' : String(thrown)}`,
  );
}
