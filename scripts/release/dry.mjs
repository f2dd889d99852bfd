// A release from beginning to end, in a copy of the tree and into a registry of its own: versions, builds, publishes, and
// then is the stranger who installs each package. Nothing of the working tree or of the real registry is touched.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyTree } from './copy-tree.mjs';
import { startRegistry } from './local-registry.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

function must(cwd, command, args, environment = {}) {
  const { status } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`\`${command} ${args.join(' ')}\` failed`);
}

const step = (title) => console.log(`\n== ${title}`);

/** @param args - `--record` writes the sizes that it finds as the new bounds */
export async function releaseDry(args) {
  const unknown = args.find((argument) => argument !== '--record');
  if (unknown !== undefined) {
    console.error(`Unknown argument "${unknown}". There is: --record.`);
    return 2;
  }
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'dgm-release-')));
  const tree = path.join(folder, 'tree');
  const git = (...words) =>
    must(tree, 'git', ['-c', 'user.name=dry run', '-c', 'user.email=dry@run', ...words]);
  let registry;
  try {
    step('a copy of the tree');
    copyTree(root, tree);
    git('init', '--quiet', '--initial-branch=main');
    git('add', '--all');
    git('commit', '--quiet', '--no-verify', '--message', 'what would be released');
    const { packageManager } = JSON.parse(readFileSync(path.join(tree, 'package.json'), 'utf8'));
    must(tree, 'npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--prefer-offline']);

    step('versions');
    const bin = (name) => path.join(tree, 'node_modules', '.bin', name);
    must(tree, bin('changeset'), ['version']);
    git('diff', '--stat', '--', 'packages/*/package.json');

    step('builds');
    must(tree, bin('turbo'), ['run', 'build', '--filter=./packages/*', '--output-logs=errors-only']);

    step('a registry of its own');
    registry = await startRegistry(path.join(folder, 'registry'));
    console.log(registry.url);
    writeFileSync(path.join(tree, '.npmrc'), registry.npmrc());
    step('publishing');
    // By scope as well: an address for @dgm in the user's own settings must not win.
    const toRegistry = { npm_config_registry: registry.url, 'npm_config_@dgm:registry': registry.url };
    must(tree, bin('changeset'), ['publish', '--no-git-tag'], toRegistry);

    step('installing as a stranger');
    must(
      path.join(root, 'integration'),
      process.execPath,
      [
        path.join(root, 'node_modules', 'vitest', 'vitest.mjs'),
        'run',
        '--config',
        'vitest.release.config.ts',
      ],
      {
        DGM_RELEASE_NPMRC: registry.npmrc('@dgm'),
        DGM_RELEASE_TREE: tree,
        ...(args.includes('--record') ? { DGM_RECORD_SIZES: '1' } : {}),
      },
    );
    console.log('\nThe release would go through.');
    return 0;
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}. The release would not go through.`);
    return 1;
  } finally {
    registry?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
