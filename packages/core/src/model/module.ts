import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../errors/dgm-error';

/** Anything that owns variables: a layer, a network, a model, an optimizer's state. */
export interface Module {
  /** Every variable under its path (`encoder/0/kernel`), in a stable order; state that is not learned has `trainable` false. */
  parameters(): ReadonlyMap<string, Variable>;
  /** Frees every variable. Idempotent. */
  dispose(): void;
}

/** Whether a value owns variables, such as a learned base beside a fixed distribution. */
export function isModule<T extends object>(value: T): value is T & ModuleOf<T> {
  return 'parameters' in value && typeof value.parameters === 'function';
}

/** The modules among the members of a union, or any module if there are none. */
type ModuleOf<T> = [Extract<T, Module>] extends [never] ? Module : Extract<T, Module>;

/**
 * The base of modules: collects its own variables and those of its children under stable paths.
 *
 * An author calls {@link BaseModule.parameter} and {@link BaseModule.child} in the constructor, in the order in which
 * the paths should come. A child belongs to its parent: disposing of the parent disposes of it.
 */
export abstract class BaseModule implements Module {
  readonly #own = new Map<string, Variable | Module>();

  parameters(): ReadonlyMap<string, Variable> {
    const all = new Map<string, Variable>();
    for (const [name, entry] of this.#own) {
      if ('parameters' in entry) {
        for (const [path, variable] of entry.parameters()) all.set(`${name}/${path}`, variable);
      } else {
        all.set(name, entry);
      }
    }
    return all;
  }

  dispose(): void {
    for (const entry of this.#own.values()) {
      if ('parameters' in entry || !entry.isDisposed) entry.dispose();
    }
  }

  /**
   * Makes a variable of this module out of an initial value, which it takes over.
   * @param name - one segment of a path, unique within this module
   * @param initial - the value to start from; disposed of by this call
   * @param options - `trainable: false` for state that an optimizer must leave alone
   */
  protected parameter<T extends Tensor>(
    name: string,
    initial: T,
    options: { readonly trainable?: boolean } = {},
  ): Variable & T {
    // tfjs wants names that are unique in the whole process; paths are ours, so its names carry no meaning.
    const variable = tf.variable(initial, options.trainable ?? true);
    initial.dispose();
    try {
      return this.#register(name, variable) as Variable & T;
    } catch (refusal) {
      variable.dispose();
      throw refusal;
    }
  }

  /** Adopts a module under a name; returns it. The same module may be adopted twice (shared weights have one path each). */
  protected child<M extends Module>(name: string, module: M): M {
    return this.#register(name, module);
  }

  #register<T extends Variable | Module>(name: string, entry: T): T {
    if (name === '' || name.includes('/') || this.#own.has(name)) {
      throw new ArgumentError({
        where: `${this.constructor.name}.parameters`,
        argument: 'name',
        expected: 'to be one new path segment',
        actual: `"${name}"`,
      });
    }
    this.#own.set(name, entry);
    return entry;
  }
}

/** The variables of a module that an optimizer may change, under their paths. */
export function trainable(module: Module): ReadonlyMap<string, Variable> {
  return new Map([...module.parameters()].filter(([, variable]) => variable.trainable));
}

/** The number of learned scalars of a module. */
export function countParameters(module: Module): number {
  const distinct = new Set(trainable(module).values());
  return [...distinct].reduce((total, variable) => total + variable.size, 0);
}
