import { checkThat } from '@dgm/core';

/**
 * Checks a part of a model that is an object with methods, or a function.
 * @param isOne - whether it is one
 * @param expected - what it has to be, for example `to be a discrepancy such as mmd({ kernel })`
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkPart(
  where: string,
  argument: string,
  part: unknown,
  { isOne, expected }: { readonly isOne: boolean; readonly expected: string },
): void {
  checkThat(where, argument, isOne, { expected, actual: part === null ? 'null' : typeof part });
}
