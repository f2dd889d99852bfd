import { recordConstruction } from '@dgm/core';
import { version } from '../package.json';

/** What this package's functions are recorded under. */
export const ORIGIN = { package: '@dgm/compress', version };

/**
 * Records how a value of this package was made, for model files.
 * @param name - the export that made it, listed in `modelParts`
 * @param args - its `arguments`: what the caller passed, before defaults
 */
export function record<T extends object>(value: T, name: string, args: ArrayLike<unknown>): T {
  return recordConstruction(value, { ...ORIGIN, name, args: Array.from(args) });
}
