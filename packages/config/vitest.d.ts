import type { ViteUserConfig } from 'vitest/config';

/** The configuration of a package's tests, with other options for vitest where a package has them. */
export function packageTests(options?: ViteUserConfig['test']): ViteUserConfig;
