import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { withNumbers } from '../src/results/markdown';
import { readmes } from '../src/results/readmes';
import type { Results } from '../src/results/schema';

it.each(readmes)(
  'the numbers of $path are the committed ones (npx tsx scripts/write-readme.ts writes them)',
  async ({ path, numbers }) => {
    const results = JSON.parse(
      readFileSync(new URL('../results/digits.json', import.meta.url), 'utf8'),
    ) as Results;
    const filepath = new URL(`../../../${path}`, import.meta.url).pathname;
    const text = readFileSync(filepath, 'utf8');
    const expected = withNumbers(text, numbers(results));
    expect(text).toBe(await format(expected, { ...(await resolveConfig(filepath)), filepath }));
  },
);

it('a text without the markers is refused', () => {
  expect(() => withNumbers('no markers', '')).toThrow('results:begin');
});
