import { findTorch } from '../src/compare/programs/python';

/** PyTorch as it is found here. Looking for it imports it, which takes seconds: the suites look once. */
export const torch = await findTorch();
