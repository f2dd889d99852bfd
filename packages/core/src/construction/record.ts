import { version } from '../../package.json';
import { recorderOf } from './construction';

/** What this package's own functions and classes are recorded under. */
export const ORIGIN = { package: '@dgm/core', version };

/** Records how a value of this package was made: `record(value, 'exportName', arguments)`. */
export const record = recorderOf(ORIGIN);
