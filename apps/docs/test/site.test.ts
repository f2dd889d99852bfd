import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoPages } from '../src/book/chapter-map';
import { demos } from '../src/demos/catalog';
import type { DemoEntry, DemoName } from '../src/demos/catalog';
import { BASE, fileOf, pagesOf, serveSite } from './served-site';
import type { ServedSite } from './served-site';

/** Debian's browser, or the one that `DGM_CHROMIUM` names. */
const executablePath = [process.env['DGM_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (file) => file !== undefined && existsSync(file),
);
const skip = executablePath === undefined;
const reason = skip ? ': skipped: no chromium; install it, or name it in DGM_CHROMIUM' : '';
const HOME_LIMIT = 150_000;

let site: ServedSite;

beforeAll(async () => {
  site = await serveSite();
});
afterAll(() => site?.close());

const html = (page: string): string => readFileSync(path.join(site.folder, page), 'utf8');

describe('the built site', () => {
  it('is built without a warning', () => {
    expect(site.log).not.toMatch(/warn|\(!\)|dead link/i);
  });

  it('has no link to a page or a heading that is not there', () => {
    const ids = new Map<string, ReadonlySet<string>>();
    const idsOf = (file: string): ReadonlySet<string> => {
      const known = ids.get(file);
      if (known) return known;
      const found = new Set([...readFileSync(file, 'utf8').matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!));
      ids.set(file, found);
      return found;
    };
    const broken = pagesOf(site.folder).flatMap((page) =>
      [...html(page).matchAll(/<a [^>]*?href="([^"]+)"/g)].flatMap(([, href]) => {
        const target = new URL(href!.replaceAll('&amp;', '&'), `http://localhost${BASE}${page}`);
        if (target.host !== 'localhost') return [];
        const file = fileOf(site.folder, target.pathname);
        const hash = decodeURIComponent(target.hash.slice(1));
        const isThere = file !== undefined && (hash === '' || idsOf(file).has(hash));
        return isThere ? [] : [`${page}: ${href}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it('has typeset every formula', () => {
    const raw = pagesOf(site.folder).filter((page) => /FORMULA\d+X|katex-error/.test(html(page)));
    expect(raw).toEqual([]);
    expect(html('api/vae/the-model.html')).toContain('class="katex"');
  });
});

describe.skipIf(skip)(`in a browser${reason}`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What went wrong on the page that is open: logged errors, failed requests, requests to other hosts. */
  let complaints: string[] = [];
  let responses: Response[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: [
        '--no-sandbox',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    });
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterAll(() => browser?.close());

  const open = async (address: string): Promise<void> => {
    await page.close();
    page = await context.newPage();
    const [own, received]: [string[], Response[]] = [[], []];
    [complaints, responses] = [own, received];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) own.push(message.text());
    });
    page.on('pageerror', (error) => own.push(error.message));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(site.url))
        own.push(request.url());
    });
    page.on('response', (response) => {
      received.push(response);
      if (response.status() >= 400) own.push(`${response.status()}: ${response.url()}`);
    });
    await page.goto(site.url + address, { waitUntil: 'load' });
  };
  const demo = (name: DemoName) => page.locator(`[data-demo=${name}]`);
  const reach = (name: DemoName, state: string) =>
    page.waitForSelector(`[data-demo=${name}][data-state=${state}]`, { timeout: 150_000 });

  it('loads at most 150 kB of script for the home page', async () => {
    await open('');
    await page.waitForLoadState('networkidle');
    const scripts = responses.filter((response) => response.url().endsWith('.js'));
    const sizes = await Promise.all(scripts.map(async (script) => gzipSync(await script.body()).length));
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(HOME_LIMIT);
  });

  it('asks no other host, and logs no error, on any page that was written by hand', async () => {
    const pages = pagesOf(site.folder).filter((file) => !file.startsWith('api/') && file !== '404.html');
    expect(pages.length).toBeGreaterThan(35);
    for (const file of pages) {
      await open(file);
      expect(complaints, file).toEqual([]);
    }
  }, 180_000);

  it('has no serious fault of accessibility', async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const file of [
      '',
      'start',
      'packages/flows',
      'book/',
      'numbers',
      'errors/shape',
      'api/vae/objectives',
    ]) {
      await open(file);
      await page.evaluate(axe);
      const violations = await page.evaluate(async () => {
        const { axe: checker } = globalThis as unknown as {
          axe: {
            run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
          };
        };
        const { violations: found } = await checker.run();
        return found
          .filter(({ impact }) => ['serious', 'critical'].includes(impact))
          .map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 200)}`);
      });
      expect(violations, file).toEqual([]);
    }
  }, 120_000);

  it.each(['ELBO', 'PixelCNN', 'out of memory'])('finds "%s"', async (words) => {
    await open('start');
    await page.locator('.DocSearch-Button, #local-search button').first().click();
    await page.locator('#localsearch-input').fill(words);
    await page.waitForSelector('.VPLocalSearchBox .result', { timeout: 30_000 });
    expect(await page.locator('.VPLocalSearchBox .result').count()).toBeGreaterThan(0);
  });

  it.each(Object.keys(demos) as DemoName[])(
    'trains the demo "%s" to the number that it states',
    async (name) => {
      const { figure }: DemoEntry = demos[name];
      await open(demoPages[name].slice(1));
      await demo(name).getByRole('button', { name: 'Train it here' }).click();
      await reach(name, 'done');
      const value = Number(await demo(name).locator('.figure strong').textContent());
      if ('atMost' in figure.bound) expect(value).toBeLessThanOrEqual(figure.bound.atMost);
      else expect(value).toBeGreaterThanOrEqual(figure.bound.atLeast);
      expect(await demo(name).locator('canvas').count()).toBeGreaterThan(0);
      expect(complaints).toEqual([]);
    },
    180_000,
  );

  it('pauses, goes on and starts anew', async () => {
    await open('');
    const status = demo('flow').locator('.status');
    await demo('flow').getByRole('button', { name: 'Train it here' }).click();
    await status.filter({ hasText: /Epoch [1-9]/ }).waitFor({ timeout: 60_000 });
    await demo('flow').getByRole('button', { name: 'Pause' }).click();
    await reach('flow', 'paused');
    await page.waitForTimeout(500);
    const paused = await status.textContent();
    await page.waitForTimeout(1500);
    expect(await status.textContent()).toBe(paused);
    await demo('flow').getByRole('button', { name: 'Resume' }).click();
    await status.filter({ hasNotText: /paused/ }).waitFor();
    await demo('flow').getByRole('button', { name: 'Reset' }).click();
    expect(await demo('flow').getAttribute('data-state')).toBe('idle');
    expect(complaints).toEqual([]);
  }, 120_000);
});
