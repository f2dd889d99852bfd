import { packageTests } from '@dgm/config/vitest';

/** The suites that need a GPU's driver in the process from its start: `devices.test.ts` starts them with one. */
export default packageTests({
  include: ['test/webgpu/*.suite.ts'],
  reporters: ['json'],
  // In software, on a busy machine, the shaders of one session can take a minute to compile.
  testTimeout: 120_000,
  // Compiling shaders takes most of the time. One process compiles each only once.
  isolate: false,
  maxWorkers: 1,
});
