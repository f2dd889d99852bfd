import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const application = fileURLToPath(new URL('..', import.meta.url));
const root = path.resolve(application, '../..');

/** What is not ours is loaded from where the package that imports it finds it, so that there is one copy of each library. */
const libraries: Plugin = {
  name: 'libraries-stay-outside',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path: specifier, kind, resolveDir, importer, pluginData }) => {
      if (pluginData === libraries || specifier.startsWith('@dgm/') || kind === 'entry-point') return null;
      if (specifier.startsWith('node:')) return { path: specifier, external: true };
      const found = await resolve(specifier, { kind, resolveDir, importer, pluginData: libraries });
      if (found.errors.length > 0) return { errors: found.errors };
      return { path: found.external ? found.path : pathToFileURL(found.path).href, external: true };
    });
  },
};

/** Recipes and claims are found in their folders when the program runs. */
function modulesIn(folder: string): readonly string[] {
  const files = readdirSync(path.join(application, folder), { recursive: true, encoding: 'utf8' });
  const modules = files.filter((file) => /^[a-z0-9-]+([\\/]index)?\.ts$/.test(file));
  return modules.map((file) => path.join(folder, file));
}

/**
 * Bundles the program from its source, once for all tests that start it: loading every file of it through `tsx` takes seconds of
 * processor time for each start. `DGM_BENCH_PROGRAM` names the folder, which lies as deep in the application as `src` and `dist`.
 */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(path.join(application, '.program-'));
  await build({
    absWorkingDir: application,
    entryPoints: [
      'src/cli.ts',
      'src/worker.ts',
      ...modulesIn('src/recipes'),
      ...modulesIn('src/claims/registry'),
    ],
    outbase: 'src',
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    tsconfig: path.join(root, 'tsconfig.json'),
    plugins: [libraries],
    logLevel: 'error',
  });
  process.env['DGM_BENCH_PROGRAM'] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
