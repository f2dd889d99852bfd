import type { Page } from 'playwright-core';

/** Notes when a demo of the page says that another epoch has ended. */
export function watchEpochs(page: Page, demo: string): Promise<void> {
  return page.evaluate((name) => {
    const scope = globalThis as unknown as { epochTimes: number[] };
    scope.epochTimes = [];
    const root = document.querySelector(`[data-demo=${name}]`)!;
    let last: string | undefined;
    new MutationObserver(() => {
      const epoch = /Epoch (\d+)/.exec(root.querySelector('.status')?.textContent ?? '')?.[1];
      if (epoch !== undefined && epoch !== last) scope.epochTimes.push(performance.now());
      last = epoch;
    }).observe(root, { subtree: true, childList: true, characterData: true });
  }, demo);
}

/** The seconds within which the fastest quarter of the epochs ended: what else the machine does meanwhile counts little. */
export async function secondsOfEpoch(page: Page): Promise<number> {
  const times = await page.evaluate(() => (globalThis as unknown as { epochTimes: number[] }).epochTimes);
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 4)]! / 1000;
}
