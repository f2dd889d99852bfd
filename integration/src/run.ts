import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(`${repository}/package.json`);

/** Runs a command in a folder; gives what it has printed, or throws it. */
export function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} in ${cwd}\n${error?.message ?? `${stdout}\n${stderr}`}`);
}

export const node = (cwd: string, ...args: string[]): string => run(cwd, process.execPath, ...args);

export const npmInstall = (cwd: string, ...packages: readonly string[]): string =>
  run(cwd, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...packages);

/** The repository's own pnpm, so that nothing has to be installed globally. */
export const pnpm = (cwd: string, ...args: string[]): string =>
  node(cwd, path.join(repository, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs'), ...args);

export const tsc = (cwd: string, ...args: string[]): string =>
  node(cwd, require.resolve('typescript/bin/tsc'), ...args);
