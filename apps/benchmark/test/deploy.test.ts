import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const deploy = path.join(root, 'apps/benchmark/deploy');
const filesIn = (folder: string, ending: RegExp) =>
  readdirSync(folder)
    .filter((name) => ending.test(name))
    .map((name) => path.join(folder, name));

/** The version of Kubernetes whose schemas the manifests are held to. */
const KUBERNETES = '1.34.0';

interface Checker {
  readonly tool: string;
  readonly args: readonly string[];
  readonly what: string;
}

const checkers: readonly Checker[] = [
  {
    tool: 'actionlint',
    args: filesIn(path.join(root, '.github/workflows'), /\.yml$/),
    what: 'the workflows',
  },
  {
    tool: 'kubeconform',
    args: ['-strict', '-kubernetes-version', KUBERNETES, ...filesIn(deploy, /\.yaml$/)],
    what: 'the manifests of Kubernetes',
  },
  {
    tool: 'shellcheck',
    args: filesIn(path.join(deploy, 'slurm'), /\.(sh|sbatch)$/),
    what: 'the scripts of Slurm',
  },
];

describe('what starts a sweep elsewhere', () => {
  for (const { tool, args, what } of checkers) {
    const isThere = spawnSync(tool, ['--help']).error === undefined;
    const title = `${what} pass ${tool}`;
    it.skipIf(!isThere)(isThere ? title : `${title} (no ${tool} on this machine)`, ({ skip }) => {
      const { status, stdout, stderr } = spawnSync(tool, args, { encoding: 'utf8' });
      const said = `${stdout}${stderr}`;
      if (/failed downloading schema/.test(said)) skip('the schemas of Kubernetes cannot be downloaded here');
      expect(status, said).toBe(0);
    });
  }

  it('gives every task of an array its part, and goes on after a restart', () => {
    const run = (file: string, words: readonly string[]) =>
      spawnSync('bash', [path.join(deploy, 'slurm', file), ...words], {
        encoding: 'utf8',
        env: {
          ...process.env,
          BENCH: 'echo bench',
          RESULTS: '/nowhere',
          SLURM_ARRAY_TASK_ID: '2',
          SLURM_ARRAY_TASK_COUNT: '8',
        },
      });
    expect(run('sweep.sbatch', ['run', '--models', 'all']).stdout).toBe(
      'bench run --models all --shard 2/8 --resume --out /nowhere/part2\n',
    );
    expect(run('merge.sbatch', []).stdout).toBe('bench merge /nowhere/part* --out /nowhere/whole\n');
  });
});
