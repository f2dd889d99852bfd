import type { Variable } from '@tensorflow/tfjs-core';
import { checkAlive, checkIdle } from '../engine/busy';
import { ArgumentError } from '../errors/dgm-error';
import type { Module } from './module';

/** Marks variables that were trainable before they were frozen. Global, because an application may hold two copies of this package. */
const FROZEN = Symbol.for('dgm.frozen');

type Freezable = Omit<Variable, 'trainable'> & { trainable: boolean; [FROZEN]?: boolean };

/**
 * Keeps parameters as they are: training leaves them alone, {@link summary} shows them as fixed, and `saveModel` writes down that
 * they are. Objectives that a model has given before still list them, so freeze before `fit`.
 *
 * @param path - a path of {@link Module.parameters} or its first segments (`encoder`, `encoder/0`); `*` stands for any segment
 * (`layers/*\/bias`)
 * @returns the paths that were frozen by this call
 * @throws {@link ArgumentError} if the module has no parameter there
 * @throws {@link StateError} if the module was disposed of, or is being trained
 * @example
 * ```ts
 * freeze(model, 'encoder');
 * ```
 */
export function freeze(module: Module, path: string): readonly string[] {
  return change('freeze', module, path, (variable) => {
    if (!variable.trainable) return false;
    [variable.trainable, variable[FROZEN]] = [false, true];
    return true;
  });
}

/**
 * Lets training change parameters again that {@link freeze} has frozen. State that is never learned stays as it is.
 * @param path - as for {@link freeze}
 * @returns the paths that can be trained again
 * @throws {@link ArgumentError} if the module has no parameter there
 * @throws {@link StateError} if the module was disposed of, or is being trained
 */
export function unfreeze(module: Module, path: string): readonly string[] {
  return change('unfreeze', module, path, (variable) => {
    if (!variable[FROZEN]) return false;
    [variable.trainable, variable[FROZEN]] = [true, false];
    return true;
  });
}

/** The paths of a module's parameters that {@link freeze} has frozen. */
export function frozenPaths(module: Module): readonly string[] {
  return [...module.parameters()]
    .filter(([, variable]) => (variable as Freezable)[FROZEN])
    .map(([path]) => path);
}

function change(
  where: string,
  module: Module,
  path: string,
  apply: (variable: Freezable) => boolean,
): readonly string[] {
  const variables = module.parameters();
  checkAlive(where, variables);
  checkIdle(where, variables.values());
  const pattern = path.split('/');
  const matching = [...variables].filter(([name]) => {
    const segments = name.split('/');
    return pattern.every((part, index) => part === segments[index] || (part === '*' && index in segments));
  });
  if (matching.length === 0) {
    const first = [...new Set([...variables.keys()].map((name) => name.split('/')[0]))];
    throw new ArgumentError({
      where,
      argument: 'path',
      expected: `to be the path of a parameter or its start, such as ${first.slice(0, 8).join(', ')}`,
      actual: `"${path}"`,
    });
  }
  return matching.filter(([, variable]) => apply(variable as Freezable)).map(([name]) => name);
}
