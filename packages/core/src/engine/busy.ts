import type { Variable } from '@tensorflow/tfjs-core';
import { StateError } from '../errors/dgm-error';

/** Variables that something is changing just now, and what. */
const owners = new Map<Variable, string>();

/**
 * Reserves variables for one owner, until the returned function is called.
 * @throws StateError naming `where` if another owner has one of them
 */
export function reserve(where: string, variables: Iterable<Variable>): () => void {
  const all = [...new Set(variables)];
  checkIdle(where, all);
  all.forEach((variable) => owners.set(variable, where));
  return () => all.forEach((variable) => owners.delete(variable));
}

/**
 * Checks that nothing is changing variables; any variables at all by default.
 * @throws StateError naming `where`
 */
export function checkIdle(where: string, variables: Iterable<Variable> = owners.keys()): void {
  for (const variable of variables) {
    const owner = owners.get(variable);
    if (owner === undefined) continue;
    throw new StateError({
      where,
      argument: 'the model',
      expected: 'to be idle',
      actual: `one that ${owner} is working on`,
      remedy: `wait for ${owner} to end; to stop it early, abort its signal`,
    });
  }
}

/**
 * Checks that a module was not disposed of.
 * @throws StateError naming `where`
 */
export function checkAlive(where: string, variables: ReadonlyMap<string, Variable>): void {
  const gone = [...variables].find(([, { isDisposed }]) => isDisposed);
  if (gone === undefined) return;
  throw new StateError({
    where,
    argument: 'the model',
    expected: 'to be alive',
    actual: `one that was disposed of (${gone[0]})`,
    remedy: 'make a new one',
  });
}
