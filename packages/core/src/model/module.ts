import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkIdle } from '../engine/busy';
import { StateError } from '../errors/dgm-error';
import { formatShape, type Shape } from '../shape/shape';
import { checkSize } from '../shape/size-limit';
import { checkOptions, checkThat } from '../check/check';

/** Shared by copies of this package, so that a module of another copy shows its children. */
const ENTRIES = Symbol.for('dgm.module.entries');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Anything that owns variables: a layer, a network, a model, an optimizer's state. */
export interface Module {
  /**
   * Every variable by its path (`encoder/0/kernel`), in a stable order. State that is not learned has
   * `trainable: false`.
   */
  parameters(): ReadonlyMap<string, Variable>;
  /** Frees every variable. Idempotent. */
  dispose(): void;
}

/** Whether a value owns variables; tells a learned base from a fixed distribution. */
export function isModule<T extends object>(value: T): value is T & ModuleOf<T> {
  return 'parameters' in value && typeof value.parameters === 'function';
}

/** The modules among the members of a union, or any module if there are none. */
type ModuleOf<T> = [Extract<T, Module>] extends [never] ? Module : Extract<T, Module>;

/**
 * The base class of modules. Collects its own variables and those of its children under stable paths.
 *
 * Subclasses call {@link BaseModule.parameter} and {@link BaseModule.child} in the constructor, in the order that the
 * paths should have. A parent owns its children: disposing of the parent disposes of them.
 */
export abstract class BaseModule implements Module {
  readonly #own = new Map<string, Variable | Module>();

  /** Its own variables and children by name, for {@link summary}. */
  [ENTRIES](): ReadonlyMap<string, Variable | Module> {
    return this.#own;
  }

  /** The name of the class, its shapes, and the number of its parameters. */
  toString(): string {
    return `${titleOf(this)}, ${plural(countParameters(this))}`;
  }

  /** What Node prints: a {@link summary}. */
  [INSPECT](): string {
    return summary(this);
  }

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
    checkIdle(`${this.constructor.name}.dispose`, this.parameters().values());
    for (const [name, entry] of this.#own) {
      if ('parameters' in entry) entry.dispose();
      else if (!entry.isDisposed) disposeVariable(entry, { owner: this.constructor.name, name });
    }
  }

  /**
   * Makes a variable of this module from an initial value, which it takes over.
   * @param name - one segment of a path, unique within this module
   * @param initial - the value to start from; disposed of by this call
   * @param options - `trainable: false` for state that optimizers must not change
   */
  protected parameter<T extends Tensor>(
    name: string,
    initial: T,
    options: { readonly trainable?: boolean } = {},
  ): Variable & T {
    checkSize(`${this.constructor.name}.${name}`, initial.size);
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
    // Files have entries such as __metadata__ beside the variables.
    checkThat(
      `${this.constructor.name}.parameters`,
      'name',
      name !== '' && !name.includes('/') && !name.startsWith('__') && !this.#own.has(name),
      { expected: 'to be one new path segment', actual: `"${name}"` },
    );
    this.#own.set(name, entry);
    return entry;
  }
}

/**
 * Frees a variable and makes later uses of it throw a clear error. TensorFlow.js itself would fail to read `backend`
 * of undefined.
 */
function disposeVariable(variable: Variable, { owner, name }: { owner: string; name: string }): void {
  variable.dispose();
  Object.defineProperty(variable, 'dataId', {
    get: () => {
      throw new StateError({
        where: owner,
        argument: 'the model',
        expected: 'to be alive',
        actual: `one that was disposed of (${name})`,
        remedy: 'make a new one',
      });
    },
  });
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

export interface SummaryOptions {
  /** How many levels of children to show. @defaultValue all */
  readonly depth?: number;
  /** The shapes of outputs, by module; of layers {@link outputShapes} finds them out. */
  readonly outputs?: ReadonlyMap<Module, Shape>;
}

/**
 * A module as a tree. Each line has a part's name, type, own variables with their shapes, and number of parameters;
 * the last line has the total and how many are trainable. A part that occurs twice is counted once in the total.
 *
 * @example
 * ```
 * Sequential                                          8,578
 * ├─ 0: Dense            kernel [64, 128], bias [128]  8,320
 * ├─ 1: ActivationLayer                                    0
 * └─ 2: Dense            kernel [128, 2], bias [2]       258
 * 8,578 parameters, all trainable
 * ```
 */
export function summary(
  module: Module,
  { depth = Infinity, outputs = new Map(), ...unknown }: SummaryOptions = {},
): string {
  checkOptions('summary', unknown, ['depth', 'outputs']);
  const rows = rowsOf(module, titleOf(module), { depth, outputs });
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .filter((_, column) => widths[column]! > 0)
      .join('  '),
  );
  const distinct = [...new Set(module.parameters().values())];
  const total = distinct.reduce((sum, variable) => sum + variable.size, 0);
  const learned = countParameters(module);
  const share = learned === total ? 'all trainable' : `${format(learned)} trainable`;
  return [...lines, `${plural(total)}, ${share}`].join('\n');
}

/** Name and type, output shape, variables, number of parameters. */
type SummaryRow = readonly [string, string, string, string];

function rowsOf(module: Module, title: string, { depth, outputs }: Required<SummaryOptions>): SummaryRow[] {
  const variables = [...module.parameters().values()];
  const entries = [...entriesOf(module)];
  const own = entries.flatMap(([name, entry]) =>
    'parameters' in entry ? [] : [`${name} ${formatShape(entry.shape)}${entry.trainable ? '' : ' fixed'}`],
  );
  const output = outputs.get(module);
  const row: SummaryRow = [
    title,
    output === undefined ? '' : `-> ${formatShape(output)}`,
    own.join(', '),
    format(variables.reduce((sum, variable) => sum + variable.size, 0)),
  ];
  const children = depth <= 0 ? [] : entries.filter(([, entry]) => 'parameters' in entry);
  const rows = children.flatMap(([name, child], index) => {
    const isLast = index === children.length - 1;
    const below = rowsOf(child as Module, `${name}: ${titleOf(child)}`, { depth: depth - 1, outputs });
    return below.map(([text, ...rest], line): SummaryRow => {
      const branch = line === 0 ? (isLast ? '└─ ' : '├─ ') : isLast ? '   ' : '│  ';
      return [branch + text, ...rest];
    });
  });
  return [row, ...rows];
}

/** The variables and children of a module; all variables by path of one that is no {@link BaseModule}. */
function entriesOf(module: Module): ReadonlyMap<string, Variable | Module> {
  return ENTRIES in module ? (module as BaseModule)[ENTRIES]() : module.parameters();
}

/** The class of a module, with the shapes that it declares. */
function titleOf(module: object): string {
  const shapes = (['eventShape', 'latentShape', 'contextSize'] as const).flatMap((name) => {
    const value: unknown = name in module ? (module as Record<string, unknown>)[name] : undefined;
    if (Array.isArray(value)) return [`${name} ${formatShape(value as number[])}`];
    return typeof value === 'number' && value > 0 ? [`${name} ${value}`] : [];
  });
  return [module.constructor.name, ...shapes].join(', ');
}

function plural(count: number): string {
  return `${format(count)} parameter${count === 1 ? '' : 's'}`;
}

/** `12,345` */
function format(count: number): string {
  return count.toLocaleString('en-US');
}
