import { expect, test } from 'vitest';
import { compiled } from '../src/index';
import { largeFeeds } from './support/large-feeds';

const MEBIBYTE = 2 ** 20;

test('what steps are fed with and give back is freed', async () => {
  const training = await largeFeeds(compiled());
  await training.take(200);
  const before = process.memoryUsage().rss;
  const steps = 1500;
  await training.take(steps);
  const grown = process.memoryUsage().rss - before;
  const fed = steps * training.bytesPerStep;
  training.dispose();
  // Each step's batch, noise and results pass through the runtime; kept, they would be all of this.
  expect(fed).toBeGreaterThan(180 * MEBIBYTE);
  expect(grown).toBeLessThan(fed / 3);
});
