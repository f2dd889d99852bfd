import { readFileSync } from 'node:fs';
import path from 'node:path';
import { transform } from 'esbuild';
import { write } from './consumer';
import { repository } from './run';

/** The first TypeScript example of a README: what users copy is what the consumers run. */
export function readmeExample(folder = '.'): string {
  const readme = readFileSync(path.join(repository, folder, 'README.md'), 'utf8');
  const example = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1];
  if (example === undefined) throw new Error(`${folder}/README.md has no \`\`\`ts block`);
  return example;
}

/**
 * An example that trains for fewer epochs: that it learns what the README says is shown once, by the example as it is. Where
 * another Node, installer or module system runs it, its length shows nothing more.
 */
export function shortened(example: string, epochs = 2): string {
  const program = example.replace(/\bepochs: \d+/, `epochs: ${epochs}`);
  if (program === example) throw new Error('The example has no number of epochs');
  return program;
}

/** The packages that a program imports. */
export function importsOf(program: string): readonly string[] {
  const names = [...program.matchAll(/^import [^;]*? from '((?:@[^/']+\/)?[^/']+)/gm)].map(
    ([, name]) => name!,
  );
  return [...new Set(names)].filter((name) => !name.startsWith('node:'));
}

// A page has no console that we read: it posts what it would print, or how it fails.
const prelude = `
const lines: string[] = [];
console.log = (...words) => lines.push(words.join(' '));
const post = (body: string) => void fetch('/result', { method: 'POST', body });
addEventListener('error', ({ message }) => post('failed: ' + message));
addEventListener('unhandledrejection', ({ reason }) => post('failed: ' + (reason?.stack ?? reason)));
export const report = () => post(lines.join('\\n'));`;

/** Makes an example a page's program: on wasm, with its files beside the page, and telling us what it prints. */
export function asPage(project: string, example: string): string {
  const program = example.replace(/await setup\([^)]*\)/, "await setup({ backend: 'wasm', wasmPaths: '/' })");
  if (!program.includes('wasmPaths')) throw new Error('The example has no setup() that a page could change');
  write(project, 'prelude.ts', prelude);
  return `import { report } from './prelude';\n${program}\nreport();`;
}

/** The example without top-level await, which CommonJS and classic scripts do not have. */
export function insideMain(program: string): string {
  const lines = program.split('\n');
  const isImport = (line: string): boolean => line.startsWith('import ');
  return [
    ...lines.filter(isImport),
    'async function main(): Promise<void> {',
    ...lines.filter((line) => !isImport(line)),
    '}',
    'void main();',
  ].join('\n');
}

/** Uses the model file of a table that lies beside the page. */
export const modelFilePage = `import { Key, loadModel, setup } from '@dgm/core';
import { parseTextTable } from '@dgm/data';
import * as tables from '@dgm/tables';
import type { TableModel } from '@dgm/tables';

await setup({});
const rows = parseTextTable(
  'price,length,kind,day,sold\\n141,32.1,elm,2024-03-13,yes\\n312,40.3,ash,2024-10-24,no\\n1339,,oak,2024-07-04,yes\\n',
);
const { model } = await loadModel<TableModel>(new URL('table.dgm', location.href), { packages: [tables] });
const { rows: scores } = await model.score(rows);
console.log(...Array.from(scores, (value) => value.toFixed(4)));
const { table } = await model.sample(4, { key: Key.of(0), given: { kind: 'elm' } });
console.log(...[0, 1, 2, 3].map((row) => table.column('kind').text(row)));
console.log((await model.impute(rows)).toString().split('\\n')[3]!);
`;

/** Types stripped, imports as the module format has them. */
export async function toJavaScript(program: string, format: 'esm' | 'cjs'): Promise<string> {
  const { code } = await transform(program, { loader: 'ts', format, target: 'es2022', platform: 'node' });
  return code;
}
