import { checkAlive, checkIdle } from '../engine/busy';
import { SerializationError } from '../errors/dgm-error';
import type { Module } from '../model/module';
import { assignVariables, readVariables } from './host-tensor';
import { checkMatch } from './match';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

const FORMAT = 'dgm.weights';
const VERSION = '1';

/**
 * The weights of a module as a safetensors file, each under its path.
 * @param options - `metadata`: strings to put beside them
 */
export async function saveWeights(
  module: Module,
  { metadata = {} }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<Uint8Array> {
  checkAlive('saveWeights', module.parameters());
  const tensors = await readVariables(module.parameters());
  return encodeSafetensors({ tensors, metadata: { ...metadata, format: FORMAT, version: VERSION } });
}

/**
 * Gives a module the weights of a safetensors file; all of them or, on an error, none.
 * @throws SerializationError if the file is damaged, or naming the path of the first weight that does not fit
 */
export function loadWeights(module: Module, bytes: Uint8Array): void {
  const where = 'loadWeights';
  const { tensors, metadata } = decodeSafetensors(bytes, where);
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
  checkMatch(variables, tensors, where);
  assignVariables(variables, tensors);
}
