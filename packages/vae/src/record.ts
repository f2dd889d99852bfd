import { builderOf, recorderOf } from '@dgm/core';
import { version } from '../package.json';

/** What this package's functions and classes are recorded under. */
export const ORIGIN = { package: '@dgm/vae', version };

/** Records how a value of this package was made, for model files: `record(value, 'exportName', arguments)`. */
export const record = recorderOf(ORIGIN);

/** Makes a value of this package and records how: `build(() => new Model(options), 'exportName', arguments)`. */
export const build = builderOf(ORIGIN);
