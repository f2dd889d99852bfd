// Writes src/generated/tfjs-gradients.js: the gradient definitions of the installed tfjs-core, as one value.
//
// tfjs-core registers no gradients by itself, and the module that does so cannot be loaded by Node (ESM syntax with
// extensionless imports). Bundling it as it is would put a second copy of tfjs-core into every app. So only the
// gradient definitions and the few private back-propagation ops that they call are inlined here; everything else
// comes from tfjs-core's public entry. The file is made at build time and never committed: it is another project's code.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core');
const dist = path.join(path.dirname(require.resolve('@tensorflow/tfjs-core/package.json')), 'dist');
const publicEntry = { path: '@tensorflow/tfjs-core', external: true };
mkdirSync('src/generated', { recursive: true });

/** Internal modules whose whole content is also a namespace of the public entry. */
const publicNamespace = {
  util: 'util',
  'ops/broadcast_util': 'broadcast_util',
  'ops/slice_util': 'slice_util',
  'ops/conv_util': 'backend_util',
  'ops/axis_util': 'backend_util',
  'ops/selu_util': 'backend_util',
};
const publicModules = new Set(['kernel_names', 'kernel_registry', 'base']);

function exportedNames(file) {
  const source = readFileSync(file, 'utf8');
  const found = source.matchAll(/^export (?:const|(?:async )?function) (\w+)|^export \{ (.*?) \}/gm);
  return [...found]
    .flatMap(([, name, list]) => name ?? list.split(',').map((item) => item.trim().split(' as ').pop()))
    .filter((name) => !name.endsWith('_'));
}

function resolveInternal({ path: specifier, resolveDir }) {
  const file = path.resolve(resolveDir, specifier) + (specifier.endsWith('.js') ? '' : '.js');
  const id = path.relative(dist, file).replaceAll('\\', '/').slice(0, -'.js'.length);
  if (id === 'register_all_gradients' || id.startsWith('gradients/')) return { path: file };
  if (id === 'engine' || id === 'tensor_util_env' || id in publicNamespace)
    return { path: id, namespace: 'public' };
  if (publicModules.has(id)) return publicEntry;
  if (id.startsWith('ops/'))
    return exportedNames(file).every((name) => name in tf) ? publicEntry : { path: file };
  throw new Error(`tfjs-core ${tf.version_core} has an import that this script does not know: ${id}`);
}

function publicShim(id) {
  // The arguments of a gradient function are tensors already.
  if (id === 'tensor_util_env') return 'export const convertToTensor = (x) => x;';
  if (id === 'engine') {
    return "import { engine } from '@tensorflow/tfjs-core';\nexport const ENGINE = /* @__PURE__ */ engine();";
  }
  const namespace = publicNamespace[id];
  const members = Object.keys(tf[namespace]).map(
    (name) => `export const ${name} = /* @__PURE__ */ (() => ns.${name})();`,
  );
  return `import { ${namespace} as ns } from '@tensorflow/tfjs-core';\n${members.join('\n')}`;
}

/** Two gradients call chained ops (`x.reshape`), which a tfjs-core alone does not have: they throw as shipped. */
function withoutChainedOps(file) {
  const source = readFileSync(file, 'utf8')
    .replace(/\b(permutedX|prodGrad|stacked)\.reshape\(/g, 'reshape($1, ')
    .replace(/\bx\.split\(/g, 'split(x, ')
    .replace(/\b(indices|dy)\.slice\(/g, 'slice($1, ');
  return file.includes('Gather')
    ? `${source}\nimport { slice, split } from '@tensorflow/tfjs-core';`
    : source;
}

await build({
  entryPoints: [path.join(dist, 'register_all_gradients.js')],
  outfile: 'src/generated/tfjs-gradients.js',
  bundle: true,
  external: ['@tensorflow/tfjs-core'],
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  banner: {
    js: `// @generated from @tensorflow/tfjs-core ${tf.version_core} (Apache-2.0, Google LLC). Do not edit.`,
  },
  plugins: [
    {
      name: 'tfjs-gradients',
      setup(bundler) {
        bundler.onResolve({ filter: /^\./ }, resolveInternal);
        bundler.onLoad({ filter: /register_all_gradients\.js$/ }, ({ path: file }) => ({
          // An exported value survives `sideEffects: false`; a side effect would be shaken away.
          contents: readFileSync(file, 'utf8').replace(
            /for \(const gradientConfig of gradConfigs\) \{[\s\S]*?\}/,
            'export { gradConfigs };',
          ),
        }));
        bundler.onLoad({ filter: /(Prod|GatherV2)_grad\.js$/ }, ({ path: file }) => ({
          contents: withoutChainedOps(file),
        }));
        bundler.onLoad({ filter: /.*/, namespace: 'public' }, ({ path: id }) => ({
          resolveDir: dist,
          contents: publicShim(id),
        }));
      },
    },
  ],
});

writeFileSync(
  'src/generated/tfjs-gradients.d.ts',
  "import type { GradConfig } from '@tensorflow/tfjs-core';\nexport declare const gradConfigs: readonly GradConfig[];\n",
);
