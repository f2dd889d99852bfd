import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyProject } from '../src/consumer';
import { node, pnpm, repository } from '../src/run';

const tree = emptyProject();
const family = path.join(tree, 'packages', 'made-by-test');

beforeAll(async () => {
  const { copyTree } = (await import(path.join(repository, 'scripts/release/copy-tree.mjs'))) as {
    copyTree: (from: string, to: string) => void;
  };
  copyTree(repository, tree);
  // All that a new family needs made: it reads everything from the source.
  const generated = 'packages/core/src/generated';
  cpSync(path.join(repository, generated), path.join(tree, generated), { recursive: true });
  // Installs the copy first, as on any fresh clone.
  node(tree, 'scripts/run.mjs', 'new:family', 'made-by-test');
});

describe('a new family', () => {
  it.each(['lint', 'typecheck', 'build', 'check:package', 'test'])('passes `%s` as it is', (script) => {
    pnpm(family, 'run', script);
  });

  it('is known to the benchmark, the table of packages and the edges', () => {
    const text = (file: string) => readFileSync(path.join(tree, file), 'utf8');
    expect(text('apps/benchmark/package.json')).toContain('"@dgm/made-by-test": "workspace:*"');
    expect(text('apps/benchmark/src/recipes/made-by-test.ts')).toContain("name: 'made-by-test'");
    expect(text('README.md')).toContain('(packages/made-by-test)');
    expect(text('eslint.config.js')).toContain("'made-by-test': ['core']");
    expect(text('.changeset/new-made-by-test.md')).toContain("'@dgm/made-by-test': minor");
    // The files that were made or changed; the root's check sees the others.
    node(
      tree,
      'node_modules/prettier/bin/prettier.cjs',
      '--check',
      'README.md',
      'eslint.config.js',
      '.changeset/new-made-by-test.md',
      'packages/made-by-test',
      'apps/benchmark/package.json',
      'apps/benchmark/src/recipes/made-by-test.ts',
    );
  });

  it.each(['made-by-test', 'Energy', 'a/b', ''])('is refused under the name "%s"', (name) => {
    expect(() => node(tree, 'scripts/run.mjs', 'new:family', name)).toThrow(/exists already|kebab-case/);
  });
});
