import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, inject } from 'vitest';

/** An empty project outside of the workspace. It goes when the tests of the file have run. */
export function emptyProject(manifest: Readonly<Record<string, unknown>> = {}, parent = tmpdir()): string {
  const folder = realpathSync(mkdtempSync(path.join(parent, 'dgm-consumer-')));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, ...manifest }));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A project of its own in the folder where npm has installed the packed packages, so that it finds them. */
export function installedProject(manifest: Readonly<Record<string, unknown>> = {}): string {
  return emptyProject(manifest, inject('installed'));
}

export function write(folder: string, file: string, contents: string): void {
  writeFileSync(path.join(folder, file), contents);
}
