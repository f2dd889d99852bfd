import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { app } from '../src/folders';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Debian's browser, or the one that `DGM_CHROMIUM` names. */
export const chromiumPath = [
  process.env['DGM_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
].find((file) => file !== undefined && existsSync(file));

/** The site, built into a folder of its own and served below a path, as GitHub Pages does. */
export interface ServedSite {
  /** `http://127.0.0.1:PORT/dgm/` */
  readonly url: string;
  readonly folder: string;
  /** What VitePress and the generator have printed. */
  readonly log: string;
  close(): void;
}

export const BASE = '/dgm/';

/** Builds the site and serves it; `DGM_DOCS_BUILT` names a folder that holds it already, built below the same path. */
export async function serveSite(): Promise<ServedSite> {
  const existing = process.env['DGM_DOCS_BUILT'];
  const folder = existing ?? mkdtempSync(path.join(tmpdir(), 'dgm-docs-'));
  const log = existing === undefined ? build(folder) : '';
  const server = createServer((request, response) => {
    const file = fileOf(folder, new URL(request.url ?? '/', 'http://localhost').pathname);
    if (file === undefined) response.writeHead(404).end();
    else
      response
        .setHeader('content-type', types[path.extname(file)] ?? 'application/octet-stream')
        .end(readFileSync(file));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`,
    folder,
    log,
    close() {
      server.closeAllConnections();
      server.close();
      if (existing === undefined) rmSync(folder, { recursive: true });
    },
  };
}

function build(folder: string): string {
  const env = { ...process.env, DGM_DOCS_BASE: BASE, DGM_DOCS_OUT: folder, NODE_ENV: 'production' };
  return execFileSync('npm run --silent site 2>&1', { cwd: app, env, encoding: 'utf8', shell: true });
}

/** The file of a path of the site, with or without `.html`; undefined if there is none. */
export function fileOf(folder: string, pathname: string): string | undefined {
  if (!pathname.startsWith(BASE)) return undefined;
  const bare = path.join(folder, decodeURIComponent(pathname.slice(BASE.length)));
  return [bare, `${bare.replace(/\/$/, '')}.html`, path.join(bare, 'index.html')].find(
    (file) => existsSync(file) && statSync(file).isFile(),
  );
}

/** The pages of the built site, as paths below its base: `start.html`, `guides/keys.html`. */
export function pagesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .sort();
}
