import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const folder = path.join(import.meta.dirname, '..');
const tsx = path.join(folder, '../../node_modules/.bin/tsx');

/** What `scripts/memory.ts` prints of a table of some size, read in a process of its own. */
function measured(megabytes: number): {
  readonly rows: number;
  readonly drawn: number;
  readonly grew: number;
} {
  const words = ['--tsconfig', '../../tsconfig.json', 'scripts/memory.ts', String(megabytes)];
  return JSON.parse(execFileSync(tsx, words, { cwd: folder, encoding: 'utf8' })) as never;
}

it('reads four times as large a table in pieces, and draws rows from it, in the same memory', () => {
  // The process grows until its pieces fill the young generation; a table of 25 MB does that.
  const [small, large] = [measured(25), measured(100)];
  expect([large.drawn, large.rows > 3.9 * small.rows]).toEqual([10_000, true]);
  // In MiB; garbage that was not collected yet differs by so much.
  expect(large.grew).toBeLessThan(small.grew + 32);
}, 120_000);
