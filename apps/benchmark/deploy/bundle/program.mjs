// The program as one folder of modules, with every @dgm package inside, from the source.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const application = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles into a folder. Options say how libraries are found, as esbuild has them. */
export async function bundleProgram(outdir, options) {
  await build({
    absWorkingDir: application,
    entryPoints: [
      'src/cli.ts',
      'src/worker.ts',
      ...modulesIn('src/recipes'),
      ...modulesIn('src/claims/registry'),
    ],
    outbase: 'src',
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    tsconfig: path.resolve(application, '../../tsconfig.json'),
    logLevel: 'error',
    ...options,
  });
}

/** What the application imports from a folder when it runs: its files, and those of its folders that are an index. */
function modulesIn(folder) {
  const files = readdirSync(path.join(application, folder), { recursive: true });
  const modules = files.filter((file) => /^[a-z0-9-]+([\\/]index)?\.ts$/.test(file));
  return modules.map((file) => path.join(folder, file));
}

/** Has what is not ours loaded from where the package that imports it finds it, so that there is one copy of each library. */
export const librariesOutside = {
  name: 'libraries-outside',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path: specifier, kind, resolveDir, importer, pluginData }) => {
      const isOurs = specifier.startsWith('@dgm/') || kind === 'entry-point';
      if (isOurs || pluginData === librariesOutside) return null;
      if (specifier.startsWith('node:')) return { path: specifier, external: true };
      const found = await resolve(specifier, { kind, resolveDir, importer, pluginData: librariesOutside });
      if (found.errors.length > 0) return { errors: found.errors };
      return { path: found.external ? found.path : pathToFileURL(found.path).href, external: true };
    });
  },
};
