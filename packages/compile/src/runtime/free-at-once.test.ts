import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freeAtOnce } from './free-at-once';

test('memory is free when the call returns, and not when it is collected', async () => {
  const megabytes = () => process.memoryUsage().arrayBuffers / 2 ** 20;
  // The far end closes between two turns of the event loop.
  freeAtOnce([]);
  await setImmediate();
  const before = megabytes();
  for (let step = 0; step < 50; step++) {
    const buffers = [new ArrayBuffer(2 ** 20), new ArrayBuffer(2 ** 20)];
    freeAtOnce(buffers);
    expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 0]);
  }
  expect(megabytes() - before).toBeLessThan(10);
});
