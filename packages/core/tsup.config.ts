import { defineConfig } from 'tsup';
import { packageBuild } from '@dgm/config/tsup';

export default defineConfig(
  packageBuild({
    entry: ['src/index.ts', 'src/node.ts'],
    // `node` imports the main entry by its name, so that both share one copy.
    external: [/^node:/, '@dgm/core'],
  }),
);
