// Trains every demo in Chromium as a reader does, and prints what it reaches, how long it takes, its steps in a second of processor time
// where the catalog states a pace, and the longest task of the page meanwhile: npm run measure [NAME...]. The times are of the machine at hand.
import { chromium } from 'playwright-core';
import { demoPages } from '../src/book/chapter-map';
import { demos } from '../src/demos/catalog';
import type { DemoEntry, DemoName } from '../src/demos/catalog';
import { processorSeconds } from '../test/processor';
import { chromiumPath, serveSite } from '../test/served-site';

if (chromiumPath === undefined) throw new Error('no chromium; install it, or name it in DGM_CHROMIUM');
const wanted = process.argv.slice(2);
const site = await serveSite();
const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
try {
  console.log('demo          reaches   seconds   steps/s   longest task, ms');
  for (const name of Object.keys(demos) as DemoName[]) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const page = await browser.newPage();
    await page.goto(site.url + demoPages[name].slice(1), { waitUntil: 'networkidle' });
    // Tasks from here on: loading the page is not the demo's.
    await page.evaluate(() => {
      const scope = globalThis as unknown as { longest: number };
      scope.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) scope.longest = Math.max(scope.longest, duration);
      }).observe({ type: 'longtask' });
    });
    const demo = page.locator(`[data-demo=${name}]`);
    const [started, before] = [Date.now(), await processorSeconds(browser)];
    await demo.getByRole('button', { name: 'Train it here' }).click();
    await page.waitForSelector(`[data-demo=${name}][data-state=done]`, { timeout: 600_000 });
    const seconds = (Date.now() - started) / 1000;
    const ofProcessor = (await processorSeconds(browser)) - before;
    const reached = await demo.locator('.figure strong').textContent();
    const longest = await page.evaluate(() => (globalThis as unknown as { longest: number }).longest);
    // The observer reports tasks of 50 ms and more only.
    const { pace }: DemoEntry = demos[name];
    const rate = pace === undefined ? '' : (pace.steps / ofProcessor).toFixed(0);
    const task = longest === 0 ? '< 50' : longest.toFixed(0);
    console.log(
      `${name.padEnd(12)} ${reached!.padStart(8)} ${seconds.toFixed(1).padStart(9)} ${rate.padStart(9)} ${task.padStart(18)}`,
    );
    await page.close();
  }
} finally {
  await browser.close();
  site.close();
}
