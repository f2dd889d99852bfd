import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as core from '@dgm/core';
import { DgmError } from '@dgm/core';
import type { DgmErrorDetails } from '@dgm/core';
import { expect, it } from 'vitest';
import { site } from './folders';
import { siteUrl } from './source-url';

type ErrorClass = new (details: DgmErrorDetails) => DgmError;

const classes = Object.values(core).filter(
  (value) => typeof value === 'function' && value.prototype instanceof DgmError,
) as unknown as ErrorClass[];
const pageOf = (file: string): string => readFileSync(path.join(site, 'errors', `${file}.md`), 'utf8');

it('finds the classes of errors', () => {
  expect(classes.length).toBeGreaterThan(7);
});

it.each(classes)('%o leads to a page of the site, which its index lists', (ErrorClass) => {
  const { docs, name, code } = new ErrorClass({ where: 'fit' });
  expect(docs).toBe(`${siteUrl}/errors/${code}`);
  expect(pageOf(code)).toMatch(new RegExp(`^# ${name}\n`));
  expect(pageOf('index')).toContain(`[\`${code}\`](/errors/${code})`);
});
