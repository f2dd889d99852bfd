import type { BackendName } from '../../src/index';

/** The backend that this run is for, which a suite that uses others goes back to. */
export const suiteBackend = (process.env['DGM_BACKEND'] ?? 'cpu') as BackendName;
