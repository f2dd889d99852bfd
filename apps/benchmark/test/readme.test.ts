import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { withClaimFigures } from '../src/readme/claim-figures';
import { withNumbers } from '../src/readme/markdown';
import { pictures, readmes, withCommittedNumbers } from '../src/readme/readmes';

it.each(readmes)(
  'the numbers of $path are the committed ones (npx tsx scripts/write-readme.ts writes them)',
  async (readme) => {
    const filepath = new URL(`../../../${readme.path}`, import.meta.url).pathname;
    const text = readFileSync(filepath, 'utf8');
    const expected = withCommittedNumbers(text, readme);
    expect(text).toBe(await format(expected, { ...(await resolveConfig(filepath)), filepath }));
  },
);

it.each(Object.entries(pictures))('%s shows the committed results', (path, picture) => {
  expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(picture());
});

it('a text without the markers is refused', () => {
  expect(() => withNumbers('no markers', '')).toThrow('results:begin');
});

it('a claim that has no committed value is refused', () => {
  expect(() => withClaimFigures('<!-- claim:no.such 1 -->3<!-- /claim -->', [])).toThrow('claim:no.such');
});
