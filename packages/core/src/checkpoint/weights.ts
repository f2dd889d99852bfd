import { checkOptions, checkThat } from '../check/check';
import { checkAlive, checkIdle } from '../engine/busy';
import { SerializationError } from '../errors/dgm-error';
import type { Module } from '../model/module';
import { assignVariables, readVariables } from './host-tensor';
import { checkMatch } from './match';
import { readSafetensors, writeSafetensors } from './safetensors';

const FORMAT = 'dgm.weights';
const VERSION = '1';

/**
 * The weights of a module as a safetensors file, each under its path.
 * @param options - `metadata`: strings to put beside them
 */
export async function saveWeights(
  module: Module,
  { metadata = {}, ...unknown }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<Uint8Array> {
  checkOptions('saveWeights', unknown, ['metadata']);
  checkAlive('saveWeights', module.parameters());
  const tensors = await readVariables(module.parameters());
  return writeSafetensors({ tensors, metadata: { ...metadata, format: FORMAT, version: VERSION } });
}

export interface LoadOptions {
  /**
   * Whether the file must hold every weight of the module and nothing else. Without it, the weights that both have are loaded;
   * their shapes must still be the same.
   * @defaultValue true
   */
  readonly strict?: boolean;
  /** Gives the path in the module for a path in the file: for the weights of another program, or of a part of a model. */
  readonly rename?: (path: string) => string;
}

/** Which weights were loaded, by their paths in the module. */
export interface LoadReport {
  readonly loaded: readonly string[];
  /** Weights of the module that the file does not have. */
  readonly missing: readonly string[];
  /** Weights of the file that the module does not have. */
  readonly unexpected: readonly string[];
}

/**
 * Gives a module the weights of a safetensors file; all of them or, on an error, none.
 * @throws SerializationError if the file is damaged, or naming the path of the first weight that does not fit
 * @throws StateError if the module was disposed of, or is being trained
 */
export function loadWeights(module: Module, bytes: Uint8Array, options: LoadOptions = {}): LoadReport {
  const where = 'loadWeights';
  checkOptions(where, options, ['strict', 'rename']);
  const { strict = true, rename = (path: string) => path } = options;
  const { tensors: stored, metadata } = readSafetensors(bytes, where);
  if (metadata['format'] === FORMAT && metadata['version'] !== VERSION) {
    throw new SerializationError({
      where,
      argument: 'version',
      expected: `to be ${VERSION}`,
      actual: metadata['version'] ?? 'none',
      remedy: 'update @dgm/core',
    });
  }
  const variables = module.parameters();
  checkAlive(where, variables);
  checkIdle(where, variables.values());
  const tensors = new Map([...stored].map(([path, tensor]) => [rename(path), tensor]));
  checkThat(where, 'rename', tensors.size >= stored.size, {
    expected: 'to give each path of the file one of its own',
    actual: `${tensors.size} paths for ${stored.size} tensors`,
  });
  const known = (path: string): boolean => variables.has(path) && tensors.has(path);
  const wanted = strict ? variables : new Map([...variables].filter(([path]) => known(path)));
  const given = strict ? tensors : new Map([...tensors].filter(([path]) => known(path)));
  checkMatch(wanted, given, where);
  assignVariables(wanted, given);
  return {
    loaded: [...wanted.keys()],
    missing: [...variables.keys()].filter((path) => !known(path)),
    unexpected: [...tensors.keys()].filter((path) => !known(path)),
  };
}
