import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { nodeBinaries, nodeMajors, nodePackage } from './node-majors';
import { npmInstall, pnpm, repository } from './run';

const packages = ['core', 'data', 'vae'] as const;

/** The path of each packed package. */
export type Tarballs = Readonly<Record<(typeof packages)[number], string>>;

declare module 'vitest' {
  interface ProvidedContext {
    readonly tarballs: Tarballs;
    /** The folder where npm has installed them. */
    readonly installed: string;
    /** The folder of packages where Jest and other versions of Node lie. */
    readonly tools: string;
  }
}

/** Packs the packages as they would be published, and has npm install them, once for all tests, as well as what runs them. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'dgm-tarballs-'));
  const wanted = packages.map((name) => `--filter=@dgm/${name}`);
  pnpm(repository, ...wanted, 'pack', '--pack-destination', folder);
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

  const installed = realpathSync(mkdtempSync(path.join(tmpdir(), 'dgm-installed-')));
  writeFileSync(path.join(installed, 'package.json'), JSON.stringify({ private: true }));
  npmInstall(installed, ...Object.values(tarballs));
  project.provide('installed', installed);

  // pnpm links what it has unpacked once: Node alone is more than a hundred megabytes for each version. It would read all of
  // a program to write a script that starts it. Nothing of these has to be built.
  const tools = realpathSync(mkdtempSync(path.join(tmpdir(), 'dgm-tools-')));
  const versions = nodeMajors.map((major) => [nodePackage(major), `npm:${nodeBinaries}@${major}`]);
  writeFileSync(
    path.join(tools, 'package.json'),
    JSON.stringify({ private: true, dependencies: { jest: '30', ...Object.fromEntries(versions) } }),
  );
  pnpm(
    tools,
    'install',
    '--prefer-offline',
    '--ignore-workspace',
    '--ignore-scripts',
    '--config.prefer-symlinked-executables=true',
  );
  project.provide('tools', path.join(tools, 'node_modules'));
  return () => {
    for (const made of [folder, installed, tools]) rmSync(made, { recursive: true, force: true });
  };
}
