import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { transform } from 'esbuild';
import { repository } from './run';

/** The first TypeScript example of the README: what users copy is what the consumers run. */
export function readmeExample(): string {
  const file = path.join(repository, 'README.md');
  if (!existsSync(file)) return interim;
  const readme = readFileSync(file, 'utf8');
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

const interim = `import { adamax, categorical, evaluate, fit, gaussian, Key, mlp, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { vae } from '@dgm/vae';

await setup();
const key = Key.of(0);
const { train, validation, test } = glyphs({ train: 512, validation: 128, test: 128 });
const model = vae({
  encoder: mlp([64, 64, 16], { key: key.fold('encoder') }),
  decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
  posterior: gaussian({ shape: [8] }),
  likelihood: categorical({ shape: [64], values: 17 }),
});
await fit(model, { train, validation }, { key, optimizer: adamax({ learningRate: 1e-3 }), batchSize: 64, epochs: 2 });
const { nats, standardError } = await evaluate(model, test, { key });
console.log(\`test: \${nats.toFixed(1)} +- \${standardError.toFixed(1)} nats\`);
`;
