// Type-checks the examples in the comments of what makes something, each as a program of its own: npm run check:examples.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { app, repository } from '../folders';
import { documentedExports } from './exports';
import type { DocumentedExport } from './exports';
import { factories } from './factories';

const folder = path.join(app, 'node_modules', '.examples');

/** What examples take for granted. */
const given: Readonly<Record<string, readonly [type: string, value: string]>> = {
  key: ['core.Key', 'core.Key.of(0)'],
  data: ['data_.Dataset', 'data_.glyphs()'],
  optimizer: ['core.OptimizerFactory', 'core.adam()'],
  examples: ['tf.Tensor', 'tf.zeros([4, 64])'],
  x: ['tf.Tensor', 'tf.zeros([4, 64])'],
};

/** The example of a comment as a program: with imports of the exports that it uses, and with what it takes for granted. */
function toProgram(
  { package: owner, comment }: DocumentedExport,
  exports: readonly DocumentedExport[],
): string {
  const [, code] = /@example\s+```ts\n([\s\S]*?)```/.exec(comment) ?? [];
  if (code === undefined) throw new Error('an example is no block of TypeScript');
  const uses = (name: string): boolean => new RegExp(`(?<![\\w.])${name}\\b(?!:)`).test(code);
  const declares = (name: string): boolean =>
    new RegExp(`(const|let|import|import \\* as) (\\{[^}]*|\\[[^\\]]*)?\\b${name}\\b`).test(code);
  const imported = new Map<string, string>();
  for (const from of [owner, 'core', 'data', ...new Set(exports.map((each) => each.package))])
    for (const each of exports)
      if (each.package === from && !/^(interface|type)$/.test(each.kind) && !imported.has(each.name))
        if (uses(each.name) && !declares(each.name)) imported.set(each.name, from);
  const imports = [...imported].map(([name, from]) => `import { ${name} } from '@dgm/${from}';`);
  const values = Object.entries(given)
    .filter(([name]) => uses(name) && !declares(name))
    .map(([name, [type, value]]) => `const ${name}: ${type} = ${value};`);
  return [
    "import * as core from '@dgm/core';",
    "import * as data_ from '@dgm/data';",
    "import * as tf from '@tensorflow/tfjs-core';",
    ...imports,
    'await core.setup();',
    ...values,
    code,
    'export { core, data_, tf };',
  ].join('\n');
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
const exports = documentedExports();
for (const each of factories().filter(({ comment }) => comment.includes('@example')))
  writeFileSync(path.join(folder, `${each.package}-${each.kind}-${each.name}.ts`), toProgram(each, exports));
const tsconfig = path.join(folder, 'tsconfig.json');
const settings = {
  extends: path.join(app, 'tsconfig.json'),
  include: ['*.ts'],
  compilerOptions: { noUnusedLocals: false },
};
writeFileSync(tsconfig, JSON.stringify(settings));
execFileSync(
  process.execPath,
  [path.join(repository, 'packages', 'config', 'bin', 'tsc7.js'), '-p', tsconfig],
  {
    stdio: 'inherit',
  },
);
