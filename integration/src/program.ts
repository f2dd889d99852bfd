import { readFileSync } from 'node:fs';
import path from 'node:path';
import { transform } from 'esbuild';
import { repository } from './run';

/** The first TypeScript example of the README: what users copy is what the consumers run. */
export function readmeExample(): string {
  const readme = readFileSync(path.join(repository, 'README.md'), 'utf8');
  const example = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1];
  if (example === undefined) throw new Error('README.md has no ```ts block');
  return example;
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

/** Types stripped, imports as the module format has them. */
export async function toJavaScript(program: string, format: 'esm' | 'cjs'): Promise<string> {
  const { code } = await transform(program, { loader: 'ts', format, target: 'es2022', platform: 'node' });
  return code;
}
