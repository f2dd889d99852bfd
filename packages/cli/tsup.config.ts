import { defineConfig } from 'tsup';
import { packageBuild } from '@dgm/config/tsup';

export default defineConfig({
  ...packageBuild({ entry: ['src/cli.ts', 'src/compress-cli.ts'] }),
  format: ['esm'],
  platform: 'node',
  dts: false,
});
