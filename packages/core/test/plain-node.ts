import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What a program finds beside what it names: not the native backends, which may be installed here or not. */
const installed = ['tfjs-core', 'tfjs-backend-cpu', 'tfjs-backend-wasm'].map((name) => `@tensorflow/${name}`);

export interface PlainNodeOptions {
  readonly format?: 'esm' | 'cjs';
  /** Packages that only this program sees: the text of their main module by their name. */
  readonly packages?: Readonly<Record<string, string>>;
}

/**
 * Runs a program in a process of its own, where nothing but Node resolves its imports: vitest transforms modules that
 * Node cannot load. `@dgm/core` is this package's source.
 * @returns what the program has printed
 */
export async function runInPlainNode(program: string, options: PlainNodeOptions = {}): Promise<string> {
  const { format = 'esm', packages = {} } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'dgm-plain-node-'));
  try {
    mkdirSync(path.join(folder, 'node_modules', '@tensorflow'), { recursive: true });
    for (const name of installed) {
      symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name), 'dir');
    }
    for (const [name, source] of Object.entries(packages)) {
      const home = path.join(folder, 'node_modules', name);
      mkdirSync(home, { recursive: true });
      writeFileSync(path.join(home, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
      writeFileSync(path.join(home, 'index.js'), source);
    }
    const outfile = path.join(folder, format === 'esm' ? 'program.mjs' : 'program.cjs');
    await build({
      stdin: { contents: program, resolveDir: root, loader: 'ts' },
      outfile,
      format,
      platform: 'node',
      bundle: true,
      alias: { '@dgm/core': path.join(root, 'src/index.ts') },
      external: ['@tensorflow/*'],
      logLevel: 'error',
    });
    return execFileSync(process.execPath, [outfile], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
