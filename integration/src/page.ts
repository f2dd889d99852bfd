import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Debian's browser, or the one that `DGM_CHROMIUM` names. */
export const chromium = [process.env['DGM_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (file) => file !== undefined && existsSync(file),
);

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
};

const flags = [
  '--headless',
  '--no-sandbox',
  '--no-first-run',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
];

/**
 * Serves a folder, opens its `index.html` in headless Chromium and waits until the page posts its result to `/result`.
 * @returns what the page has posted
 */
export async function openPage(folder: string, browser: string): Promise<string> {
  const profile = mkdtempSync(path.join(tmpdir(), 'dgm-chromium-'));
  const { promise, resolve } = withResolvers<string>();
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.end();
        resolve(Buffer.concat(chunks).toString());
      });
      return;
    }
    const file = request.url === '/' ? '/index.html' : path.posix.normalize(request.url ?? '/');
    readFile(path.join(folder, file)).then(
      (body) => response.setHeader('content-type', types[path.extname(file)] ?? 'text/plain').end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const child = spawn(browser, [...flags, `--user-data-dir=${profile}`, url], {
    stdio: 'ignore',
    detached: true,
  });
  const gone = new Promise<void>((exited) => child.once('exit', () => exited()));
  try {
    return await Promise.race([
      promise,
      gone.then(() => 'the browser ended before the page posted a result'),
    ]);
  } finally {
    // The whole group: the browser's helpers go on writing to the profile when only their parent ends.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await gone;
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
