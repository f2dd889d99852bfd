import { defineConfig } from 'tsup';
import { packageBuild } from '@dgm/config/tsup';

export default defineConfig(
  packageBuild({
    entry: ['src/index.ts', 'src/node.ts'],
    // `node` imports the main entry by its name, so that both share one copy. Its types are those of the source.
    external: [/^node:/, '@dgm/core'],
    dts: { compilerOptions: { baseUrl: '.', paths: { '@dgm/core': ['./src/index.ts'] } } },
  }),
);
