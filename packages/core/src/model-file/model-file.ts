import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkOptions } from '../check/check';
import { assignVariables, readVariables, type HostTensor } from '../checkpoint/host-tensor';
import { checkMatch } from '../checkpoint/match';
import { bytesOf } from '../checkpoint/crc32';
import { readSafetensors, writeSafetensors } from '../checkpoint/safetensors';
import { sha256 } from '../checkpoint/sha256';
import { checkAlive } from '../engine/busy';
import { DgmError, NumericalError, SerializationError } from '../errors/dgm-error';
import { disposeOnThrow } from '../model/build';
import { freeze, frozenPaths } from '../model/freeze';
import type { GenerativeModel } from '../model/generative-model';
import type { Module } from '../model/module';
import type { Shape } from '../shape/shape';
import { withSizeLimit } from '../shape/size-limit';
import type { Architecture, ModelPackage, ModelParts } from './architecture';
import { checkCard, type ModelCard } from './card';
import { buildArchitecture, malformed, parseArchitecture, parseObject } from './decode';
import { encodeArchitecture } from './encode';
import { modelParts as coreParts } from './parts';

const FORMAT = 'dgm.model';
const VERSION = '1';

/** Starts the names of the model's variables in a file, beside `options/` for the tensors of its options. */
const WEIGHTS = 'model/';

export interface SaveModelOptions {
  /** What the file says of the model besides its architecture and weights. */
  readonly card?: ModelCard;
}

export interface LoadModelOptions {
  /** The packages besides `@dgm/core` whose models and networks the file may hold: `import * as vae from '@dgm/vae'`. */
  readonly packages?: readonly ModelPackage[];
  /**
   * Called for each package that the file names and that is not among `packages`; gives `undefined` for one that it does not have.
   * For pages that load a family only when a file needs it: `(name) => lazy[name]?.()`.
   */
  readonly importPackage?: (name: string) => Promise<ModelPackage | undefined>;
}

/** What a model file holds besides the values of its weights. */
export interface ModelDescription {
  /** The version of the format. */
  readonly version: string;
  /** The SHA-256 of the architecture and the weights, which identifies the model; the card is not part of it. */
  readonly hash: string;
  readonly card: ModelCard;
  /** How the model is made, and by which versions of which packages. */
  readonly architecture: Architecture;
  /** The shape of every parameter, by path. */
  readonly parameters: ReadonlyMap<string, Shape>;
  /** The paths of parameters that {@link freeze} has frozen. */
  readonly frozen: readonly string[];
}

/** A model that was read from a file. */
export interface LoadedModel<M extends Module> extends ModelDescription {
  /** The caller disposes of the model. Tensors of its options are freed with it. */
  readonly model: M;
}

/**
 * A model as a file: one safetensors file with its architecture, its weights and its card. It holds no code.
 *
 * `saveModel` of `@dgm/core/node` writes it to a path.
 *
 * @param model - made by functions and classes of `@dgm` packages, or of others that record how (see {@link recordConstruction})
 * @throws {@link SerializationError} naming an option that a file cannot hold, such as a function
 * @throws {@link NumericalError} naming a weight that is NaN
 * @throws {@link StateError} if the model was disposed of
 * @throws {@link ArgumentError} for a card with an unknown or mistyped entry
 */
export async function modelBytes(model: Module, options: SaveModelOptions = {}): Promise<Uint8Array> {
  const where = 'saveModel';
  checkOptions(where, options, ['card']);
  const { card = {} } = options;
  checkCard(where, card);
  checkAlive(where, model.parameters());
  const { architecture, tensors } = await encodeArchitecture(model, where, [coreParts]);
  const weights = await readVariables(model.parameters());
  checkNotNan(weights, where);
  const all = new Map([...weights].map(([path, tensor]) => [WEIGHTS + path, tensor]));
  for (const [name, tensor] of tensors) all.set(name, tensor);
  const texts = { architecture: JSON.stringify(architecture), frozen: JSON.stringify(frozenPaths(model)) };
  const metadata = { format: FORMAT, version: VERSION, ...texts, card: JSON.stringify(card) };
  return writeSafetensors({ tensors: all, metadata: { ...metadata, hash: hashOf(texts, all) } });
}

/**
 * Reads a model file. Runs no code of the file: it may name functions and classes of `@dgm/core` and of the given packages, among
 * those that they list as `modelParts`.
 *
 * `loadModel` of `@dgm/core/node` also takes paths, and imports the `@dgm` packages that a file names by itself.
 *
 * @param source - the file's bytes, or where to fetch it
 * @throws {@link SerializationError} if the file is damaged, of another kind or of a newer format, or names a package that is not
 * given
 * @example
 * ```ts
 * import { loadModel } from '@dgm/core';
 * import * as vae from '@dgm/vae';
 *
 * const { model, card } = await loadModel(new URL('digits.dgm', location.href), { packages: [vae] });
 * ```
 */
export async function loadModel<M extends Module = GenerativeModel>(
  source: Uint8Array | URL,
  options: LoadModelOptions = {},
): Promise<LoadedModel<M>> {
  const where = 'loadModel';
  checkOptions(where, options, ['packages', 'importPackage']);
  const bytes = source instanceof URL ? await download(source, where) : source;
  const { tensors, description } = typedErrors(where, () => readModel(bytes, where));
  const known = await findPackages(description.architecture, options, where);
  const model = typedErrors(where, () => buildModel<M>(description, { known, tensors, where }));
  return { ...description, model };
}

/**
 * What a model file says of itself, without making the model; no package is needed.
 * @throws {@link SerializationError} if the file is damaged, of another kind or of a newer format
 */
export function inspectModel(bytes: Uint8Array): ModelDescription {
  const where = 'inspectModel';
  return typedErrors(where, () => readModel(bytes, where).description);
}

interface BuildContext {
  readonly known: ReadonlyMap<string, ModelParts>;
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly where: string;
}

function buildModel<M extends Module>(
  { architecture, frozen }: ModelDescription,
  { known, tensors, where }: BuildContext,
): M {
  const weights = new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(WEIGHTS) ? [[name.slice(WEIGHTS.length), tensor] as const] : [],
    ),
  );
  let temporary: Tensor[] = [];
  const engine = tf.engine();
  const before = new Set(Object.values(engine.state.registeredVariables));
  engine.startScope();
  try {
    return disposeOnThrow(() => {
      const model = withSizeLimit(largestSize(tensors), () =>
        buildArchitecture(architecture, known, tensors, where),
      );
      if (!isDisposable(model)) throw malformed(where, 'architecture', 'to make a model', model);
      const variables = model.parameters();
      const owned = new Set([...before, ...variables.values()]);
      const strays = Object.values(engine.state.registeredVariables).filter((each) => !owned.has(each));
      if (strays.length > 0) {
        throw malformed(where, 'architecture', 'to make one model', 'parts that do not belong to it');
      }
      checkMatch(variables, weights, where);
      assignVariables(variables, weights);
      for (const path of frozen) freeze(model, path);
      temporary = engine.state.activeScope.track.filter(({ isDisposed }) => !isDisposed);
      disposeWith(model, temporary);
      return model as M;
    });
  } finally {
    engine.endScope(temporary);
  }
}

/**
 * The most numbers that a tensor of the model may have while it is made. Some initial values take more draws than they keep, and
 * a file of a small model may ask for a large buffer.
 */
function largestSize(tensors: ReadonlyMap<string, HostTensor>): number {
  const stored = [...tensors.values()].reduce((total, { values }) => total + values.length, 0);
  return Math.max(2 ** 20, 4 * stored);
}

/** Lets a model free the tensors of its options, which it borrows: whoever loads it never sees them. */
function disposeWith(model: Module, tensors: readonly Tensor[]): void {
  if (tensors.length === 0) return;
  const dispose = model.dispose.bind(model);
  const value = (): void => {
    dispose();
    tf.dispose([...tensors]);
  };
  Object.defineProperty(model, 'dispose', { value, configurable: true, writable: true });
}

function readModel(
  bytes: Uint8Array,
  where: string,
): { readonly tensors: ReadonlyMap<string, HostTensor>; readonly description: ModelDescription } {
  const { tensors, metadata } = readSafetensors(bytes, where);
  const { format, version = 'none', hash = 'none', architecture, frozen, card } = metadata;
  if (format !== FORMAT) {
    throw new SerializationError({
      where,
      argument: 'file',
      expected: 'to be a model file',
      actual: format === undefined ? 'a safetensors file without a model' : format.slice(0, 60),
      remedy: 'load weights by loadWeights, checkpoints by fit',
    });
  }
  if (version !== VERSION) {
    throw new SerializationError({
      where,
      argument: 'version',
      expected: `to be ${VERSION}`,
      actual: version.slice(0, 60),
      remedy: 'update @dgm/core',
    });
  }
  const expected = hashOf({ architecture: architecture ?? '', frozen: frozen ?? '' }, tensors);
  if (hash !== expected) throw malformed(where, 'hash', `to be ${expected}`, hash);
  const parameters = [...tensors]
    .filter(([name]) => name.startsWith(WEIGHTS))
    .map(([name, { shape }]) => [name.slice(WEIGHTS.length), shape] as const);
  const description: ModelDescription = {
    version,
    hash,
    card: parseObject(card, 'card', where),
    architecture: parseArchitecture(architecture, where),
    parameters: new Map(parameters),
    frozen: parsePaths(frozen, where),
  };
  return { tensors, description };
}

function parsePaths(text: string | undefined, where: string): readonly string[] {
  const { paths } = parseObject(`{"paths":${text ?? ''}}`, 'frozen', where);
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string')) return paths;
  throw malformed(where, 'frozen', 'to be a list of paths', paths);
}

/** The SHA-256 over the architecture and every tensor, in the order of their names. */
function hashOf(
  texts: { readonly architecture: string; readonly frozen: string },
  tensors: ReadonlyMap<string, HostTensor>,
): string {
  const names = [...tensors.keys()].sort();
  const layout = names.map((name) => [name, tensors.get(name)!.dtype, tensors.get(name)!.shape]);
  const head = new TextEncoder().encode(JSON.stringify([texts.architecture, texts.frozen, layout]));
  const digest = sha256(head, ...names.map((name) => bytesOf(tensors.get(name)!.values)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function checkNotNan(weights: ReadonlyMap<string, HostTensor>, where: string): void {
  for (const [path, { values }] of weights) {
    if (!values.some(Number.isNaN)) continue;
    throw new NumericalError({
      where,
      argument: path,
      expected: 'to hold numbers',
      actual: 'NaN',
      remedy: 'train again with a lower learning rate, or go back to a checkpoint',
    });
  }
}

/**
 * The parts of each package that an architecture names.
 * @throws SerializationError naming every package that is missing, with the command that installs them
 */
async function findPackages(
  { parts }: Architecture,
  { packages = [], importPackage = () => Promise.resolve(undefined) }: LoadModelOptions,
  where: string,
): Promise<ReadonlyMap<string, ModelParts>> {
  const known = new Map(
    [coreParts, ...packages.map(({ modelParts }) => modelParts)].map((each) => [each.package, each]),
  );
  for (const name of new Set(parts.map((part) => part.package))) {
    const imported = known.has(name) ? undefined : await importPackage(name);
    if (imported !== undefined) known.set(name, imported.modelParts);
  }
  const missing = [...new Set(parts.map((part) => part.package.slice(0, 60)))].filter(
    (name) => !known.has(name),
  );
  if (missing.length === 0) return known;
  throw new SerializationError({
    where,
    argument: 'packages',
    expected: `to hold ${missing.join(', ')}`,
    actual: [...known.keys()].join(', '),
    remedy: `npm install ${missing.join(' ')}, import each (import * as ...), and give them as packages`,
  });
}

async function download(url: URL, where: string): Promise<Uint8Array> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new SerializationError({
      where,
      argument: url.href,
      expected: 'to be a file that can be fetched',
      actual: cause instanceof Error ? cause.message : String(cause),
      remedy: 'check the address, and that the server allows this page to read it',
      cause,
    });
  }
}

/** Whatever a malformed file leads to is an error of this project. */
function typedErrors<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (DgmError.is(cause, 'serialization')) throw cause;
    throw malformed(where, 'file', 'to be a model file', String(cause), cause);
  }
}

function isDisposable(value: unknown): value is Module {
  return typeof value === 'object' && value !== null && 'parameters' in value && 'dispose' in value;
}
