import { recordConstruction } from '@dgm/core';
import { version } from '../package.json';

/** What this package's functions and classes are recorded under. */
export const ORIGIN = { package: '@dgm/tables', version };

/**
 * Records how a value of this package was made, for model files.
 * @param name - the export that made it, listed in `modelParts`
 * @param args - what it is called with to make the value again
 */
export function record<T extends object>(value: T, name: string, args: readonly unknown[]): T {
  return recordConstruction(value, { ...ORIGIN, name, args });
}
