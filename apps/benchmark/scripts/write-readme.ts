// Writes the committed results into the READMEs that show them: npx tsx scripts/write-readme.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { withNumbers } from '../src/results/markdown';
import { readmes } from '../src/results/readmes';
import type { Results } from '../src/results/schema';

const file = new URL('../results/digits.json', import.meta.url);
const results = JSON.parse(readFileSync(file, 'utf8')) as Results;

for (const { path, numbers } of readmes) {
  const filepath = new URL(`../../../${path}`, import.meta.url).pathname;
  const text = withNumbers(readFileSync(filepath, 'utf8'), numbers(results));
  writeFileSync(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
}
