#!/usr/bin/env node
// Packs the packages in the folders that are named, or the one here, and checks what would be published: the manifest, and that
// every module system finds its declarations.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** TypeScript's oldest resolution knows no `exports`, and so no second entry. */
const UNSUPPORTED = 'node10';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const named = process.argv.slice(2);
const folders = (named.length > 0 ? named : ['.']).map((folder) => path.relative(root, path.resolve(folder)));

async function problemsOf(tarball) {
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: tarball.buffer } });
  const { types, problems = [] } = await checkPackage(createPackageFromTarballData(tarball));
  return [
    ...messages
      .filter(({ type }) => type === 'error')
      .map((message) => formatMessage(message, pkg, { color: false })),
    ...(types ? problems : [])
      .filter(({ resolutionKind }) => resolutionKind !== UNSUPPORTED)
      .map((problem) => JSON.stringify(problem)),
  ];
}

const packed = mkdtempSync(path.join(tmpdir(), 'dgm-check-package-'));
try {
  const filters = folders.map((folder) => `--filter=./${folder}`);
  const pnpm = path.join(root, 'node_modules/pnpm/bin/pnpm.cjs');
  execFileSync(process.execPath, [pnpm, ...filters, 'pack', '--pack-destination', packed], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const folder of folders) {
    const { name, version } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
    const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    for (const problem of await problemsOf(new Uint8Array(readFileSync(path.join(packed, file))))) {
      console.error(`${folder}/package.json: ${problem}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(packed, { recursive: true, force: true });
}
