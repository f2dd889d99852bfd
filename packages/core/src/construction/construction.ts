/** How a value was made: by which export of which package, from which arguments. */
export interface Construction {
  /** The package whose `modelParts` list the function or class, for example `@dgm/vae`. */
  readonly package: string;
  /** The version of that package. */
  readonly version: string;
  /** The name of the function or class in `modelParts`. */
  readonly name: string;
  /** What it was called with, before defaults. */
  readonly args: readonly unknown[];
}

type Constructions = Pick<WeakMap<object, Construction>, 'get' | 'set'>;

/** One table for the whole process: an application may hold two copies of this package (ESM and CJS). */
const TABLE = Symbol.for('dgm.constructions');

function table(): Constructions {
  const shared = globalThis as { [TABLE]?: Constructions };
  return (shared[TABLE] ??= new WeakMap());
}

/**
 * Records how a value was made, so that `saveModel` can write it down and `loadModel` can make it again. Where several calls
 * record the same value, the last one counts: a factory overrides the classes that it uses.
 *
 * @param value - a model, network, distribution, head, or anything else that is an option of one
 * @returns `value`
 * @example
 * ```ts
 * export function tinyModel(options: TinyModelOptions): TinyModel {
 *   const model = new TinyModel(options);
 *   return recordConstruction(model, { package: 'tiny-models', version: '1.0.0', name: 'tinyModel', args: [options] });
 * }
 * export const modelParts = { package: 'tiny-models', version: '1.0.0', parts: { tinyModel } };
 * ```
 */
export function recordConstruction<T extends object>(value: T, construction: Construction): T {
  table().set(value, construction);
  return value;
}

/**
 * {@link recordConstruction} for the functions and classes of one package.
 * @param origin - the package and its version, as in its `modelParts`
 * @returns `record(value, name, args)`, which takes the export that made the value and its `arguments`: what the caller passed,
 *   before defaults
 * @example
 * ```ts
 * const record = recorderOf({ package: 'tiny-models', version: '1.0.0' });
 * export function tinyModel(options: TinyModelOptions): TinyModel {
 *   return record(new TinyModel(options), 'tinyModel', arguments);
 * }
 * ```
 */
export function recorderOf(origin: Pick<Construction, 'package' | 'version'>) {
  return <T extends object>(value: T, name: string, args: ArrayLike<unknown>): T =>
    recordConstruction(value, { ...origin, name, args: Array.from(args) });
}

/** How a value was made, `undefined` for one that nobody recorded. */
export function constructionOf(value: object): Construction | undefined {
  return table().get(value);
}
