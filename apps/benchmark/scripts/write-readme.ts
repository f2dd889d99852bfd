// Writes the committed results into the README of the repository: npx tsx scripts/write-readme.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { markdownTable, withNumbers } from '../src/results/markdown';
import type { Results } from '../src/results/schema';

const readme = new URL('../../../README.md', import.meta.url).pathname;
const results = new URL('../results/digits.json', import.meta.url);

const numbers = markdownTable(JSON.parse(readFileSync(results, 'utf8')) as Results);
const text = withNumbers(readFileSync(readme, 'utf8'), numbers);
writeFileSync(readme, await format(text, { ...(await resolveConfig(readme)), filepath: readme }));
