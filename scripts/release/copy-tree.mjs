import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';

/** Copies what git knows or would know of a repository: what is ignored stays behind, what is not committed yet comes along. */
export function copyTree(from, to) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: from,
    encoding: 'utf8',
  });
  const files = listed.split('\0').filter((file) => file !== '' && existsSync(path.join(from, file)));
  for (const file of files) cpSync(path.join(from, file), path.join(to, file));
}
