import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { write } from './consumer';

export interface Bundle {
  readonly folder: string;
  /** The tfjs-core entry modules that went in: one of them per copy. */
  readonly tfjsCores: readonly string[];
  /** All JavaScript, minified and gzipped, in kB; without the `.wasm` file. */
  readonly gzippedKilobytes: number;
}

/** Puts the `.wasm` files of the engine that a project finds where a page asks for them. */
export function copyWasm(project: string, folder: string): void {
  const { resolve } = createRequire(path.join(project, 'package.json'));
  const wasm = path.dirname(resolve('@tensorflow/tfjs-backend-wasm'));
  for (const file of readdirSync(wasm).filter((name) => name.endsWith('.wasm'))) {
    copyFileSync(path.join(wasm, file), path.join(folder, file));
  }
}

/** Bundles a program for the browser, as an app of its own would, with the `.wasm` files beside it. */
export async function bundleForBrowser(project: string, program: string): Promise<Bundle> {
  const folder = path.join(project, 'page');
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: project, loader: 'ts' },
    outdir: folder,
    entryNames: 'program',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    metafile: true,
    logLevel: 'error',
  });
  copyWasm(project, folder);
  write(
    folder,
    'index.html',
    '<!doctype html><meta charset="utf-8"><script type="module" src="program.js"></script>',
  );
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const bytes = scripts.map((name) => gzipSync(readFileSync(path.join(folder, name))).length);
  return {
    folder,
    tfjsCores: Object.keys(metafile.inputs).filter((input) =>
      /@tensorflow\/tfjs-core\/dist\/(engine|tf-core[^/]*)\.js$/.test(input),
    ),
    gzippedKilobytes: bytes.reduce((total, size) => total + size, 0) / 1e3,
  };
}
