import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
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
    dts: dts && { entry: emitDeclarations(entry) },
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

/**
 * Emits the declarations of every module with the native compiler, and gives those of the entries, by the entry's name.
 * Rolling up declarations takes a fraction of the processor time that making them from the source takes in JavaScript.
 * Types are not checked here: that is `typecheck`.
 */
function emitDeclarations(entry) {
  const folder = path.resolve('.declarations');
  // The sources of the packages that this one imports are emitted with it: they are found by their paths.
  const packages = path.resolve('..');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const configuration = path.join(folder, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    noCheck: true,
    rootDir: packages,
    outDir: folder,
  };
  const files = entry.map((file) => path.resolve(file));
  writeFileSync(
    configuration,
    JSON.stringify({ extends: path.resolve('tsconfig.json'), compilerOptions, files, include: [] }),
  );
  const compiler = fileURLToPath(new URL('bin/tsc7.js', import.meta.url));
  execFileSync(process.execPath, [compiler, '-p', configuration], { stdio: 'inherit' });
  return Object.fromEntries(
    files.map((file) => [
      path.parse(file).name,
      path.join(folder, path.relative(packages, file).replace(/\.ts$/, '.d.ts')),
    ]),
  );
}
