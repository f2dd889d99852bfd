import { DgmError, Key, loadModel } from '@dgm/core';
import * as tables from '../src/index';
import type { TableModel } from '../src/index';

export const load = (file: Uint8Array) => loadModel<TableModel>(file, { packages: [tables] });

/** How often loading gives a model; all else has to be a typed error. */
export async function loaded(file: Uint8Array): Promise<0 | 1> {
  try {
    (await load(file)).model.dispose();
    return 1;
  } catch (error) {
    if (DgmError.is(error, 'serialization')) return 0;
    throw error;
  }
}

/**
 * Reads a model file with one bit flipped, and every tenth time the beginning of it.
 * @returns how often it gave a model
 * @throws what is no typed error
 */
export async function readDamaged(
  file: Uint8Array,
  attempts: number,
  { seed, onProgress }: { readonly seed: number; readonly onProgress?: (done: number) => void },
): Promise<number> {
  const random = Key.of(seed).generator();
  const bytes = file.slice();
  let models = 0;
  for (let done = 0; done < attempts; done++) {
    const at = random.below(bytes.length);
    if (done % 10 === 0) models += await loaded(bytes.subarray(0, at));
    else {
      const bit = 1 << random.below(8);
      bytes[at]! ^= bit;
      models += await loaded(bytes);
      bytes[at]! ^= bit;
    }
    onProgress?.(done + 1);
  }
  return models;
}
