import { rmSync } from 'node:fs';
import { pureConstants } from './pure-constants.js';

/**
 * The one build of every published package: ESM and CJS side by side, types for both.
 * `dist` is cleared here, once: tsup's own `clean` lets one entry delete what another has written.
 */
export function packageBuild({ entry = ['src/index.ts'], external = [], dts = true, onSuccess } = {}) {
  rmSync('dist', { recursive: true, force: true });
  return {
    entry,
    format: ['esm', 'cjs'],
    dts,
    sourcemap: true,
    target: 'es2022',
    platform: 'neutral',
    external,
    esbuildPlugins: [pureConstants],
    // Jest runs CommonJS in a context that refuses import(); require() loads the same packages there and everywhere.
    esbuildOptions(options, { format }) {
      if (format === 'cjs') options.supported = { ...options.supported, 'dynamic-import': false };
    },
    ...(onSuccess ? { onSuccess } : {}),
  };
}
