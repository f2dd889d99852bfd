import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { defineConfig } from 'vitest/config';

const packages = fileURLToPath(new URL('..', import.meta.url));
const core = path.join(packages, 'core');

/** Tests read every @dgm package from its source; what users get, the packed dist, is tested under `integration/`. */
const sources = [
  { find: /^@dgm\/([^/]+)$/, replacement: `${packages}$1/src/index.ts` },
  { find: /^@dgm\/([^/]+)\/([^/]+)$/, replacement: `${packages}$1/src/$2.ts` },
];

/** What the suites of all packages load, by the names that it is imported by. */
function sharedModules() {
  const { resolve } = createRequire(path.join(core, 'package.json'));
  const es2017 = (part) =>
    path.join(path.dirname(resolve(`@tensorflow/tfjs-${part}/package.json`)), `dist/tf-${part}.fesm.js`);
  const modules = Object.fromEntries(
    ['core', 'backend-cpu', 'backend-wasm'].map((part) => [`@tensorflow/tfjs-${part}`, es2017(part)]),
  );
  // The suites of the core test its modules one by one.
  if (path.resolve() === core) return modules;
  // What a package builds on does not depend on it in turn. The kit of contracts belongs to the suites.
  const { dependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
  const families = Object.keys(dependencies).filter((name) => /^@dgm\/(?!core$|testing$)/.test(name));
  return {
    ...modules,
    '@dgm/core': path.join(core, 'src/index.ts'),
    '@dgm/core/node': path.join(core, 'src/node.ts'),
    ...Object.fromEntries(families.map((name) => [name, path.join(packages, name.slice(5), 'src/index.ts')])),
  };
}

/**
 * Bundles what the suites of all packages load, once for a run, and gives the aliases to the bundles. In Node
 * TensorFlow.js is ES5, which takes a third longer than its ES2017; and each worker would transform and load the modules
 * of the core, and of the packages that a package depends on, one by one. The bundles share their chunks: a module exists once.
 */
function bundleSharedModules() {
  // The suites that start on TensorFlow share TensorFlow.js with its native package, which requires the one for Node.
  if (process.env.DGM_BACKEND === 'tensorflow') return [];
  const modules = sharedModules();
  const names = Object.keys(modules);
  // Node loads what lies under node_modules itself. A folder for each process: runs of one package may overlap.
  const folder = path.resolve('node_modules', `.test-bundle-${process.pid}`);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  buildSync({
    entryPoints: names.map((name) => ({ in: modules[name], out: name })),
    alias: modules,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    external: ['node-fetch', 'onnxruntime-node', 'onnxruntime-web'],
    // What TensorFlow.js finds in Node's older format: the wasm backend reads its files from `__dirname`.
    banner: {
      js: [
        "import { createRequire as requireFor } from 'node:module';",
        'const require = requireFor(import.meta.url);',
        `const __dirname = ${JSON.stringify(path.dirname(modules['@tensorflow/tfjs-backend-wasm']))};`,
      ].join('\n'),
    },
    logLevel: 'error',
  });
  return names.map((name) => ({
    find: new RegExp(`^${name}$`),
    replacement: path.join(folder, `${name}.mjs`),
  }));
}

export function packageTests(options = {}) {
  return defineConfig({
    resolve: { alias: [...bundleSharedModules(), ...sources] },
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      setupFiles: [`${packages}testing/src/setup.ts`],
      reporters: [
        'default',
        ['json', { outputFile: `.test-results/${process.env.DGM_TEST_RESULTS ?? 'vitest'}.json` }],
      ],
      testTimeout: 30_000,
      // Tensors die young: where there is room for more of them, the collector runs less often and copies less.
      execArgv: ['--min-semi-space-size=16', '--max-semi-space-size=32'],
      // One tfjs engine fills a core. Turbo runs as many packages at once as there are cores: a second worker would only
      // load the engine, and have it compiled and optimized, once more.
      maxWorkers: process.env.TURBO_HASH === undefined ? 2 : 1,
      ...options,
    },
  });
}
