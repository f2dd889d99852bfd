import { expect, it } from 'vitest';
import { toPart } from './package-pages';

const part = (text: string) => toPart(text, 'packages/vae');

it('leaves out the title, the way back and the marks of claims', () => {
  expect(
    part('# @dgm/vae\n\nVAEs. Part of\n[dgm](../../README.md).\n\n<!-- claim:a 1 -->9<!-- /claim -->'),
  ).toBe('VAEs.\n\n9');
});

it('leads links to packages to their pages, and other files to the repository', () => {
  expect(part('[a](../flows) [b](../core/README.md#memory) [c](https://x.org) [d](#e)')).toBe(
    '[a](/packages/flows) [b](/packages/core#memory) [c](https://x.org) [d](#e)',
  );
  expect(part('[x](../../docs/adr/0001.md)')).toBe(
    '[x](https://github.com/dgm-js/dgm/blob/main/docs/adr/0001.md)',
  );
});

it('leads sections of the repository README to the pages that have them', () => {
  expect(part('[a](../../README.md#numbers)')).toBe('[a](/numbers)');
  expect(toPart('[a](#packages)', '.')).toBe('[a](/families/)');
});

it('copies pictures to the site', () => {
  expect(toPart('![a](docs/glyphs.png)', 'packages/data')).toBe(
    '![a](/pictures/packages/data/docs/glyphs.png)',
  );
});
