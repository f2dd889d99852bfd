import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyProject } from '../src/consumer';
import { repository, run } from '../src/run';

const script = path.join(repository, 'scripts', 'check-changesets.mjs');

/** A repository with one published package, and a change on a branch. */
function repositoryWith(change: Readonly<Record<string, string>>) {
  const folder = emptyProject();
  const git = (...args: string[]) =>
    run(folder, 'git', '-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false', ...args);
  const put = (files: Readonly<Record<string, string>>) => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    }
    git('add', '--all');
    git('commit', '--quiet', '--message', 'a change');
  };
  git('init', '--quiet', '--initial-branch=main');
  put({
    'packages/a/package.json': '{ "name": "@dgm/a" }',
    'packages/a/src/index.ts': "const VERSION = '1';\nconst x = 1;\n",
    'packages/a/test/golden/ops.json': '[1]',
    'packages/hidden/package.json': '{ "name": "@dgm/hidden", "private": true }',
    '.changeset/old.md': "---\n'@dgm/a': minor\n---\n\nFrom before.\n",
  });
  git('checkout', '--quiet', '-b', 'branch');
  put(change);
  return folder;
}

const changeset = (bump: string, summary: string) => ({
  '.changeset/new.md': `---\n'@dgm/a': ${bump}\n---\n\n${summary}\n`,
});
const source = { 'packages/a/src/index.ts': "const VERSION = '1';\nconst x = 2;\n" };
const golden = { 'packages/a/test/golden/ops.json': '[2]' };
const format = { 'packages/a/src/index.ts': "const VERSION = '2';\nconst x = 1;\n" };

describe('the check of changesets', () => {
  it.each([
    ['a change of what is not published', { 'packages/a/src/index.test.ts': '', 'docs/a.md': '' }],
    ['a change of a private package', { 'packages/hidden/src/index.ts': '' }],
    ['a change with its changeset', { ...source, ...changeset('patch', 'Faster.') }],
    ['other numbers under Numerics', { ...golden, ...changeset('minor', 'Numerics: other draws.') }],
    ['another format under Format', { ...format, ...changeset('minor', 'Format: version 2.') }],
    ['new golden values', { 'packages/a/test/golden/more.json': '[1]' }],
  ])('accepts %s', (_, change) => {
    expect(run(repositoryWith(change), process.execPath, script, 'main')).toBe('');
  });

  it.each([
    ['a change without one', source, '@dgm/a changed and no changeset names it'],
    ['other numbers without a word', { ...golden, ...changeset('minor', 'Faster.') }, 'Numerics:'],
    ['another format without a word', { ...format, ...changeset('minor', 'Faster.') }, 'Format:'],
    ['a patch under Numerics', { ...source, ...changeset('patch', 'Numerics: x.') }, 'cannot be a patch'],
  ])('refuses %s', (_, change, message) => {
    expect(() => run(repositoryWith(change), process.execPath, script, 'main')).toThrow(message);
  });
});
