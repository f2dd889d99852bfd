import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

const manifest = {
  private: true,
  // The newest that runs on Node 20.
  dependencies: { verdaccio: '6.8.0' },
  // It asks for node-fetch by a tag that not every mirror of the registry has.
  overrides: { 'node-fetch': '2.7.0' },
};

const configuration = (folder) => `
storage: ${path.join(folder, 'storage')}
packages:
  '@dgm/*': { access: $all, publish: $all, unpublish: $all }
log: { type: stdout, level: error }
max_body_size: 100mb
`;

/**
 * Starts an npm registry that knows @dgm packages only and forgets them with its folder.
 * @returns its address, the lines that a `.npmrc` wants for it, and how to end it
 */
export async function startRegistry(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(folder, 'config.yaml'), configuration(folder));
  const installed = spawnSync(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' },
  );
  if (installed.status !== 0) throw new Error('The local registry (verdaccio) could not be installed.');
  const port = await freePort();
  const program = path.join(folder, 'node_modules', 'verdaccio', 'bin', 'verdaccio');
  const listen = `127.0.0.1:${port}`;
  const server = spawn(
    process.execPath,
    [program, '--config', path.join(folder, 'config.yaml'), '--listen', listen],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const url = `http://${listen}/`;
  await answers(`${url}-/ping`, server);
  return {
    url,
    // Verdaccio lets everybody publish here; npm wants a token all the same.
    npmrc: (scope) => `${scope ? `${scope}:` : ''}registry=${url}\n//${listen}/:_authToken=anybody\n`,
    stop: () => server.kill(),
  };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function answers(url, server) {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (server.exitCode !== null) break;
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  server.kill();
  throw new Error('The local registry did not start.');
}
