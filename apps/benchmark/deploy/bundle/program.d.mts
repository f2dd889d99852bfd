import type { BuildOptions, Plugin } from 'esbuild';

export function bundleProgram(outdir: string, options: BuildOptions): Promise<void>;

export const librariesOutside: Plugin;
