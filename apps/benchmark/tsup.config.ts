import { defineConfig } from 'tsup';
import { packageBuild } from '@dgm/config/tsup';

export default defineConfig({
  ...packageBuild({
    // Recipes and claims are found in their folders when the program runs, so each family stays a file of its own.
    entry: [
      'src/cli.ts',
      'src/worker.ts',
      'src/recipes/*.ts',
      'src/recipes/*/index.ts',
      'src/claims/registry/*.ts',
      '!src/**/*.test.ts',
    ],
    dts: false,
  }),
  format: ['esm'],
  platform: 'node',
});
