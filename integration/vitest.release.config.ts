import { defineConfig } from 'vitest/config';

/** What `npm run release:dry` runs when its registry holds the packages. */
export default defineConfig({
  test: {
    include: ['release/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
  },
});
