import { defineConfig } from 'tsup';
import { packageBuild } from '@dgm/config/tsup';

// @noble/hashes has no CommonJS build, so a test runner without ES modules could not load this package.
export default defineConfig({ ...packageBuild(), noExternal: ['@noble/hashes'] });
