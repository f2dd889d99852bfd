import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { relativeError } from '@dgm/testing';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeReport } from '../src/index';
import type { page as pageFunctions, PageResult } from './browser/page';

/** Debian's browser, or the one that `DGM_CHROMIUM` names. */
const executablePath = [process.env['DGM_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (file) => file !== undefined && existsSync(file),
);
const skip = executablePath === undefined;
const reason = skip ? ': skipped: no chromium; install it, or name it in DGM_CHROMIUM' : '';

// A page of localhost may use WebGPU; nothing listens there, every request is answered by the test.
const ORIGIN = 'http://localhost';
const runtimeFolder = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
const TOLERANCE = 1e-5;

/** In milliseconds: on a busy machine a page compiles the runtime, and the shaders in software, for a long time. */
const LONGEST = 120_000;

describe.skipIf(skip)(`in a browser${reason}`, { timeout: LONGEST }, () => {
  let browser: Browser;
  let page: Page;
  let expected: PageResult;

  beforeAll(async () => {
    const script = await bundle();
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: [
        '--no-sandbox',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
      ],
    });
    page = await browser.newPage();
    await page.route('**/*', async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') {
        await route.fulfill({
          contentType: 'text/html',
          body: '<script type="module" src="page.js"></script>',
        });
      } else if (pathname === '/page.js') {
        await route.fulfill({ contentType: 'text/javascript', body: script });
      } else {
        const contentType = pathname.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
        await route.fulfill({ contentType, body: await readFile(path.join(runtimeFolder, pathname)) });
      }
    });
    await page.goto(ORIGIN);
    expected = await inPage<PageResult>('eager');
  }, LONGEST);

  afterAll(() => browser?.close());

  it('describes what the runtime can use', async () => {
    const report = await inPage<RuntimeReport>('describe');
    expect(report.runtime).toBe('onnxruntime-web');
    expect(report.devices.map(({ device, works }) => [device, works])).toEqual([
      ['cpu', true],
      ['webgpu', true],
      ['cuda', false],
    ]);
  });

  it.each(['cpu', 'webgpu'] as const)('trains on %s to the numbers of the eager engine', async (device) => {
    const actual = await inPage<PageResult>('compiled', device);
    expect(relativeError(actual.totals, expected.totals)).toBeLessThan(TOLERANCE);
    actual.values.forEach((values, index) =>
      expect(relativeError(values, expected.values[index]!)).toBeLessThan(TOLERANCE),
    );
  });

  function inPage<T>(name: keyof typeof pageFunctions, ...given: readonly unknown[]): Promise<T> {
    return page.evaluate(
      async ([called, parameters]) => {
        const { started } = globalThis as unknown as {
          started: Promise<Record<string, (...values: unknown[]) => unknown>>;
        };
        return (await started)[called]!(...parameters);
      },
      [name, given] as const,
    ) as Promise<T>;
  }
});

/** The page's program with the packages' sources, as an app's bundler would make it. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, 'browser', 'page.ts')],
    alias: { '@dgm/core': path.join(import.meta.dirname, '../../core/src/index.ts') },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}
