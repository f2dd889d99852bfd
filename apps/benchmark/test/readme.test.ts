import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { withNumbers } from '../src/readme/markdown';
import { numbersOf, readmes } from '../src/readme/readmes';

it.each(readmes)(
  'the numbers of $path are the committed ones (npx tsx scripts/write-readme.ts writes them)',
  async (readme) => {
    const filepath = new URL(`../../../${readme.path}`, import.meta.url).pathname;
    const text = readFileSync(filepath, 'utf8');
    const expected = withNumbers(text, numbersOf(readme), readme.block);
    expect(text).toBe(await format(expected, { ...(await resolveConfig(filepath)), filepath }));
  },
);

it('a text without the markers is refused', () => {
  expect(() => withNumbers('no markers', '')).toThrow('results:begin');
});
