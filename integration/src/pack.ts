import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { pnpm, repository } from './run';

const packages = ['core', 'data', 'vae'] as const;

/** The path of each packed package. */
export type Tarballs = Readonly<Record<(typeof packages)[number], string>>;

declare module 'vitest' {
  interface ProvidedContext {
    readonly tarballs: Tarballs;
  }
}

/** Packs the packages once for all tests, as they would be published. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'dgm-tarballs-'));
  for (const name of packages) {
    pnpm(path.join(repository, 'packages', name), 'pack', '--pack-destination', folder);
  }
  const tarballs = Object.fromEntries(
    packages.map((name) => [
      name,
      path.join(
        folder,
        readdirSync(folder).find((file) => file.startsWith(`dgm-${name}-`))!,
      ),
    ]),
  );
  project.provide('tarballs', tarballs as unknown as Tarballs);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
