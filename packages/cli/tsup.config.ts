import { defineConfig } from 'tsup';
import { packageBuild } from '@dgm/config/tsup';

export default defineConfig({
  ...packageBuild({ entry: ['src/cli.ts', 'src/compress-cli.ts'], dts: false }),
  format: ['esm'],
  platform: 'node',
});
