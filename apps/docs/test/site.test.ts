import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoPages } from '../src/book/chapter-map';
import { demos } from '../src/demos/catalog';
import type { DemoEntry, DemoName } from '../src/demos/catalog';
import { processorSeconds } from './processor';
import { BASE, chromiumPath, fileOf, pagesOf, serveSite } from './served-site';
import type { ServedSite } from './served-site';

const skip = chromiumPath === undefined;
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

/** Pages that hold components, whose scripts run in the reader's browser, and the first page of each folder. */
function pagesToOpen(folder: string): readonly string[] {
  const written = pagesOf(folder).filter((file) => !file.startsWith('api/') && file !== '404.html');
  expect(written.length).toBeGreaterThan(35);
  const withDemos = new Set(Object.values(demoPages).map((page) => page.slice(1)));
  const folders = new Set<string>();
  return written.filter((file) => {
    const address = file.replace(/(index)?\.html$/, '');
    if (withDemos.has(address) || address === '') return false; // opened for their demos
    const text = readFileSync(path.join(folder, file), 'utf8');
    const isFirst = !folders.has(path.dirname(file));
    folders.add(path.dirname(file));
    return isFirst || / data-v-app|class="errata"|role="region"|class="chart"/.test(text);
  });
}

describe.skipIf(skip)(`in a browser${reason}`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What went wrong on the page that is open: logged errors, failed requests, requests to other hosts. */
  let complaints: string[] = [];
  let responses: Response[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: [
        '--no-sandbox',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    });
    context = await browser.newContext({ acceptDownloads: true });
    page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(site.url))
        complaints.push(request.url());
    });
    page.on('response', (response) => {
      responses.push(response);
      if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
    });
  });
  afterAll(() => browser?.close());

  const open = async (address: string): Promise<void> => {
    await page.goto('about:blank'); // ends the workers of the page before, and its requests
    [complaints, responses] = [[], []];
    await page.goto(site.url + address, { waitUntil: 'load' });
  };
  const demo = (name: DemoName) => page.locator(`[data-demo=${name}]`);
  const reach = (name: DemoName, state: string) =>
    page.waitForSelector(`[data-demo=${name}][data-state=${state}]`, { timeout: 150_000 });
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const seriousFaults = async (): Promise<readonly string[]> => {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const { axe: checker } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await checker.run();
      return violations
        .filter(({ impact }) => ['serious', 'critical'].includes(impact))
        .map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 200)}`);
    });
  };

  it('loads at most 150 kB of script for the home page, and shows its demo before it runs', async () => {
    await open('');
    await demo('flow').locator('canvas').first().waitFor();
    const scripts = responses.filter((response) => response.url().endsWith('.js'));
    const sizes = await Promise.all(scripts.map(async (script) => gzipSync(await script.body()).length));
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(HOME_LIMIT);
    expect(await seriousFaults()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('asks no other host, and logs no error, on pages with and without components', async () => {
    for (const file of pagesToOpen(site.folder)) {
      await open(file);
      expect(complaints, file).toEqual([]);
    }
  }, 180_000);

  it.each(['start', 'book/', 'errors/shape', 'api/vae/objectives'])(
    'has no serious fault of accessibility on the page "%s"',
    async (address) => {
      await open(address);
      expect(await seriousFaults()).toEqual([]);
    },
  );

  it.each(['ELBO', 'PixelCNN', 'out of memory'])('finds "%s"', async (words) => {
    if (!page.url().endsWith('/start')) await open('start');
    else await page.keyboard.press('Escape');
    await page.locator('.DocSearch-Button, #local-search button').first().click();
    await page.locator('#localsearch-input').fill(words);
    await page.waitForSelector('.VPLocalSearchBox .result', { timeout: 30_000 });
    expect(await page.locator('.VPLocalSearchBox .result').count()).toBeGreaterThan(0);
  });

  /** What a reader can do when a demo has ended. */
  const afterwards: Partial<Record<DemoName, () => Promise<void>>> = {
    async compression() {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        demo('compression')
          .getByRole('link', { name: /Download/ })
          .click(),
      ]);
      const file = await download.path();
      await demo('compression').locator('input[type=file]').setInputFiles(file);
      await demo('compression').getByText('decoded from your file').waitFor({ timeout: 30_000 });
      const buffer = readFileSync(file).subarray(1);
      const other = { name: 'other', mimeType: '', buffer };
      await demo('compression').locator('input[type=file]').setInputFiles(other);
      await demo('compression')
        .getByText(/expected/)
        .waitFor({ timeout: 30_000 });
    },
    async digit() {
      const bars = demo('digit').locator('.bars');
      const before = await bars.textContent();
      await demo('digit').locator('canvas[tabindex="0"]').focus();
      for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'Space']) await page.keyboard.press(key);
      await expect.poll(() => bars.textContent(), { timeout: 20_000 }).not.toBe(before);
    },
  };

  it.each(Object.keys(demos) as DemoName[])(
    'trains the demo "%s" to the number that it states, in a worker',
    async (name) => {
      const { figure, pace }: DemoEntry = demos[name];
      await open(demoPages[name].slice(1));
      await demo(name).getByRole('button', { name: 'Train it here' }).click();
      await reach(name, 'training');
      expect(page.workers().length).toBe(1);
      const before = await processorSeconds(browser);
      await reach(name, 'done');
      const seconds = (await processorSeconds(browser)) - before;
      if (pace !== undefined) expect(pace.steps / seconds).toBeGreaterThanOrEqual(pace.atLeast);
      const value = Number(await demo(name).locator('.figure strong').textContent());
      if ('atMost' in figure.bound) expect(value).toBeLessThanOrEqual(figure.bound.atMost);
      else expect(value).toBeGreaterThanOrEqual(figure.bound.atLeast);
      expect(await demo(name).locator('canvas').count()).toBeGreaterThan(0);
      await afterwards[name]?.();
      expect(complaints).toEqual([]);
    },
    180_000,
  );

  it('pauses, goes on and starts anew, by the keyboard', async () => {
    await open('');
    const status = demo('flow').locator('.status');
    const press = async (name: string): Promise<void> => {
      await demo('flow').getByRole('button', { name }).focus();
      await page.keyboard.press('Enter');
    };
    await press('Train it here');
    await status.filter({ hasText: /Epoch [1-9]/ }).waitFor({ timeout: 60_000 });
    await press('Pause');
    await reach('flow', 'paused');
    await page.waitForTimeout(500);
    const paused = await status.textContent();
    await page.waitForTimeout(1500);
    expect(await status.textContent()).toBe(paused);
    await press('Resume');
    await status.filter({ hasNotText: /paused/ }).waitFor();
    await press('Reset');
    expect(await demo('flow').getAttribute('data-state')).toBe('idle');
    await demo('flow').locator('input[name=layers]').focus();
    await page.keyboard.press('ArrowRight');
    await demo('flow').getByText('couplings: 5').waitFor();
    expect(complaints).toEqual([]);
  }, 120_000);
});
