import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../src/doctor/chromium';
import { renderComparison } from '../src/report/comparison-page';
import { renderReport } from '../src/report/page';
import { launch } from './chromium';
import { madeUpComparison } from './fixtures/comparison';
import { madeUpReport } from './fixtures/results';

const report = madeUpReport();
const page = renderReport(report);
const comparison = renderComparison(madeUpComparison());

describe('the report', () => {
  it('asks for nothing outside of itself', () => {
    for (const text of [page, comparison]) {
      expect(text.match(/(?:src|href)="(?!data:|#)[^"]*"|@import|url\(/g)).toBeNull();
    }
  });

  it('draws the time of a step over the number of threads', () => {
    expect(comparison).toContain('aria-label="pytorch, 1 model"');
    expect(comparison).toContain('time of a step, of that on one thread');
    expect(comparison).not.toContain('aria-label="compiled, 1 model"'); // measured on one thread alone
  });

  it('draws the time of a step over each size that was measured', () => {
    expect(comparison).toContain('aria-label="time of a step over units of a hidden layer"');
    expect(comparison).toContain('aria-label="time of a step over variables of an example"');
    expect(comparison).not.toContain('time of a step over batch size');
    expect(comparison).not.toMatch(/(left|bottom):(NaN|-?Infinity)/);
  });

  it('escapes what it did not write itself', () => {
    expect(page).not.toContain('<b>&"broken"');
    expect(comparison).not.toContain('<i>&"arm"');
    expect(comparison).not.toContain('kernel <b>');
  });

  it('maps two latent variables: a line for each share of the prior, a dot for each example', () => {
    expect(page.match(/class="map"/g)).toHaveLength(1);
    expect(page.match(/<path class="contour" d="M/g)).toHaveLength(6);
    expect(page.match(/<circle/g)).toHaveLength(120);
    expect(page.match(/<(path|circle)[^>]*(NaN|Infinity)/)).toBeNull();
  });

  it('shows metrics and curves of models without a likelihood', () => {
    expect(page).toContain('kernel distance<small>lower is better</small>');
    expect(page).toContain('0.125 ± 0.010');
    expect(page).toContain('aria-label="rate-distortion"');
    expect(page).toContain('rate, bits per dimension');
  });

  it('names every run, failure and baseline', () => {
    const { runs, failures = [] } = report.results;
    expect(page.match(/<article /g)).toHaveLength(runs.length);
    for (const name of [
      'vae',
      'arm',
      'gan',
      ...failures.map(({ error }) => error),
      'independent pixels',
      'uniform',
    ]) {
      expect(page).toContain(name);
    }
  });
});

const chromium = findChromium();
const title = 'the report in a browser';

describe.skipIf(chromium === undefined)(chromium ? title : `${title} (no Chromium on this machine)`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(chromium!);
  });
  afterAll(() => browser.close());

  async function open(options: {
    width: number;
    colorScheme: 'light' | 'dark';
    content?: string;
  }): Promise<{ tab: Page; complaints: string[] }> {
    const { width, colorScheme, content = page } = options;
    const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints: string[] = [];
    tab.on('console', (message) => complaints.push(message.text()));
    tab.on('pageerror', (error) => complaints.push(String(error)));
    await tab.setContent(content);
    return { tab, complaints };
  }

  it.each([
    { width: 400, colorScheme: 'light' as const },
    { width: 400, colorScheme: 'dark' as const },
    { width: 1280, colorScheme: 'light' as const },
  ])('fits a window of $width pixels, $colorScheme, without a complaint', async (options) => {
    const { tab, complaints } = await open(options);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(options.width);
    expect(complaints).toEqual([]);
    await tab.close();
  });

  it('fits a window, as a comparison does, which shows a dot for each ratio on its side of 1', async () => {
    for (const width of [400, 1280]) {
      const { tab, complaints } = await open({ width, colorScheme: 'dark', content: comparison });
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(width);
      const line = (await tab.locator('.track .line').first().boundingBox())!;
      const dot = async (title: string) =>
        (await tab.locator(`.dot[title^="${title}"]`).first().boundingBox())!;
      expect((await dot('eager: 31.20')).x).toBeLessThan(line.x - 20);
      expect((await dot('compiled: 2.40')).x).toBeGreaterThan(line.x);
      expect(await tab.locator('.dot:not(.better, .equal, .worse)').count()).toBe(4 + 9);
      expect(complaints).toEqual([]);
      await tab.close();
    }
  });

  it('shows how far each model is from PyTorch, and how sure that is', async () => {
    const { tab } = await open({ width: 1280, colorScheme: 'light', content: comparison });
    const chart = tab.locator('figure', { hasText: 'as good as PyTorch' });
    const box = async (selector: string) => (await chart.locator(selector).first().boundingBox())!;
    const line = await box('.track .line');
    const centers: number[] = [];
    for (const verdict of ['better', 'equal', 'worse']) {
      expect(await chart.locator(`.dot.${verdict}`).count(), verdict).toBe(1);
      const [dot, interval] = [await box(`.dot.${verdict}`), await box(`.interval.${verdict}`)];
      const center = dot.x + dot.width / 2;
      expect(center).toBeGreaterThan(interval.x);
      expect(center).toBeLessThan(interval.x + interval.width);
      const holdsZero = interval.x < line.x && interval.x + interval.width > line.x;
      expect(holdsZero, verdict).toBe(verdict === 'equal');
      centers.push(center - line.x);
    }
    expect(centers[0]).toBeLessThan(-20);
    expect(Math.abs(centers[1]!)).toBeLessThan(1);
    expect(centers[2]).toBeGreaterThan(20);
    await tab.close();
  });

  it('draws its curves and pictures', async () => {
    const { tab } = await open({ width: 1280, colorScheme: 'light' });
    // A flat area compresses to next to nothing: these hold lines and digits.
    for (const selector of ['.plot', '.pictures img', '.likelihoods']) {
      const shot = await tab.locator(selector).first().screenshot();
      expect(shot.length, selector).toBeGreaterThan(3000);
    }
    const paths = tab.locator('article#vae .plot path');
    for (const path of await paths.all()) {
      const box = (await path.boundingBox())!;
      expect(box.width, 'the curve spans the plot').toBeGreaterThan(500);
      expect(box.height).toBeGreaterThan(100);
    }
    expect(await paths.count()).toBe(2);
    await tab.close();
  });

  it('sorts the table, and tells the numbers under the pointer', async () => {
    const { tab } = await open({ width: 1280, colorScheme: 'light' });
    const first = tab.locator('tbody tr').first();
    await tab.getByRole('button', { name: 'test nats' }).click();
    expect(await first.textContent()).toContain('arm');
    await tab.getByRole('button', { name: 'test nats' }).click();
    expect(await first.textContent()).toContain('uniform');
    await tab.locator('.plot').first().hover();
    expect(await tab.locator('.plot output').first().textContent()).toMatch(
      /^epoch 67\ntraining [\d.]+\nvalidation [\d.]+$/,
    );
    await tab.close();
  });
});
