import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const packages = fileURLToPath(new URL('..', import.meta.url));

/** Tests read every @dgm package from its source; what users get, the packed dist, is tested under `integration/`. */
const alias = [
  { find: /^@dgm\/([^/]+)$/, replacement: `${packages}$1/src/index.ts` },
  { find: /^@dgm\/([^/]+)\/([^/]+)$/, replacement: `${packages}$1/src/$2.ts` },
];

export function packageTests(options = {}) {
  return defineConfig({
    resolve: { alias },
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      setupFiles: [`${packages}testing/src/setup.ts`],
      reporters: [
        'default',
        ['json', { outputFile: `.test-results/${process.env.DGM_TEST_RESULTS ?? 'vitest'}.json` }],
      ],
      testTimeout: 30_000,
      // The machines that check a change have two cores, and one tfjs engine fills one of them.
      maxWorkers: 2,
      ...options,
    },
  });
}
