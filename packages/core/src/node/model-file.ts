import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadModel as load, modelBytes, SerializationError } from '@dgm/core';
import type {
  GenerativeModel,
  LoadedModel,
  LoadModelOptions,
  ModelPackage,
  Module,
  SaveModelOptions,
} from '@dgm/core';
import { fileStore } from './file-store';

/**
 * Writes a model to a file: its architecture, its weights, and what `card` says of it. The file is replaced as a whole, or not at
 * all.
 *
 * @throws {@link SerializationError} naming an option of the model that a file cannot hold, or if the file cannot be written
 * @throws {@link NumericalError} naming a weight that is NaN
 * @example
 * ```ts
 * await saveModel(model, 'cars.dgm', {
 *   card: { licence: 'CC-BY-4.0', training: { rows: 43157, seed: 0, heldOut: { nats: 27.8, standardError: 0.06 } } },
 * });
 * ```
 */
export async function saveModel(model: Module, path: string, options: SaveModelOptions = {}): Promise<void> {
  const bytes = await modelBytes(model, options);
  const file = resolve(path);
  await fileStore(dirname(file)).write(basename(file), bytes);
}

/**
 * Reads a model file, as `loadModel` of `@dgm/core` does, and imports the `@dgm` packages that it names, where they are installed.
 *
 * @param source - a path, the address of a file (`file:`, `https:`), or the file's bytes
 * @throws {@link SerializationError} if the file cannot be read, is damaged, of another kind or of a newer format, or names a
 * package that is not installed
 * @example
 * ```ts
 * const { model, card } = await loadModel('cars.dgm');
 * ```
 */
export async function loadModel<M extends Module = GenerativeModel>(
  source: string | URL | Uint8Array,
  options: LoadModelOptions = {},
): Promise<LoadedModel<M>> {
  const isFile = typeof source === 'string' || (source instanceof URL && source.protocol === 'file:');
  const bytes = isFile ? await readModelFile(source) : source;
  return load<M>(bytes, { importPackage, ...options });
}

async function readModelFile(path: string | URL): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new SerializationError({
      where: 'loadModel',
      argument: String(path),
      expected: 'to be readable',
      actual: cause instanceof Error ? cause.message : String(cause),
      remedy: 'check the path and its permissions',
      cause,
    });
  }
}

/** A file can make nothing be imported but packages of this project. */
const OURS = /^@dgm\/[a-z][a-z0-9-]*$/;

/**
 * A package as it is installed: beside this one, or in the current folder, because package managers such as pnpm hide packages from
 * each other.
 */
async function importPackage(name: string): Promise<ModelPackage | undefined> {
  if (!OURS.test(name)) return undefined;
  const beside = await attempt(name);
  if (beside !== undefined) return beside;
  const manifest = findManifest(name);
  if (manifest === undefined) return undefined;
  const { exports } = JSON.parse(await readFile(manifest, 'utf8')) as PackageManifest;
  const found = await attempt(pathToFileURL(join(dirname(manifest), exports['.'].import.default)).href);
  // Our CJS build requires what this file imports, and cannot require an address.
  return found ?? (createRequire(manifest)(name) as ModelPackage);
}

interface PackageManifest {
  readonly exports: { readonly '.': { readonly import: { readonly default: string } } };
}

function findManifest(name: string): string | undefined {
  try {
    return createRequire(resolve('package.json')).resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
}

/** The codes of errors for a module that is not there: of `import`, and of `require` in our CJS build. */
const NOT_FOUND: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

/** The module, `undefined` where it is not installed. */
async function attempt(specifier: string): Promise<ModelPackage | undefined> {
  try {
    const found = (await import(
      /* @vite-ignore */ /* webpackIgnore: true */ specifier
    )) as Partial<ModelPackage>;
    return found.modelParts && { modelParts: found.modelParts };
  } catch (error) {
    if (NOT_FOUND.includes((error as { code?: unknown }).code)) return undefined;
    throw error;
  }
}
