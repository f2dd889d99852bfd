import { defineConfig } from 'tsup';
import { packageBuild } from '@dgm/config/tsup';

export default defineConfig(
  packageBuild({ entry: ['src/index.ts', 'src/node.ts'], external: [/^node:/, '@dgm/core'] }),
);
