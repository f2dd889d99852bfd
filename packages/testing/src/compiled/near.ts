import type { StepTerms } from '@dgm/core';
import { ensure } from '../assert';
import { relativeError } from '../relative-error';
import type { CompiledCase, State } from './trained';

const LARGEST_ERROR = 1e-4;

export function compareTerms(
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

export function compareState(
  the: CompiledCase,
  actual: State,
  expected: State,
  wanted: (path: string) => boolean = () => true,
): number {
  const paths = [...expected].filter(([path]) => wanted(path));
  ensure(paths.length > 0, 'there is no state to compare');
  return Math.max(...paths.map(([path, values]) => ensureNear(the, actual.get(path)!, values, path)));
}

export function ensureNear(
  { largestError = LARGEST_ERROR }: CompiledCase,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
): number {
  const error = relativeError(actual, expected);
  ensure(error <= largestError, `${what} differs from eager by ${error.toExponential(1)} (relative)`);
  return error;
}
