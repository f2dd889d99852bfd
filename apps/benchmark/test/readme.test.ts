import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { markdownTable, withNumbers } from '../src/results/markdown';
import type { Results } from '../src/results/schema';

const readme = new URL('../../../README.md', import.meta.url).pathname;

it("the README's numbers are the committed ones (npx tsx scripts/write-readme.ts writes them)", async () => {
  const results = JSON.parse(
    readFileSync(new URL('../results/digits.json', import.meta.url), 'utf8'),
  ) as Results;
  const text = readFileSync(readme, 'utf8');
  const expected = withNumbers(text, markdownTable(results));
  expect(text).toBe(await format(expected, { ...(await resolveConfig(readme)), filepath: readme }));
});

it('a text without the markers is refused', () => {
  expect(() => withNumbers('no markers', '')).toThrow('results:begin');
});
