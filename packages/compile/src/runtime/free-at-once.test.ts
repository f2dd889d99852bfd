import { expect, test, vi } from 'vitest';
import { freeAtOnce } from './free-at-once';

const megabytes = (): number => process.memoryUsage().arrayBuffers / 2 ** 20;

test('memory is free when the call returns, and not when it is collected', async () => {
  // The far end closes some turns of the event loop after the first call; until then, what was sent waits.
  await vi.waitFor(() => {
    const before = megabytes();
    for (let step = 0; step < 50; step++) {
      const buffers = [new ArrayBuffer(2 ** 20), new ArrayBuffer(2 ** 20)];
      freeAtOnce(buffers);
      expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 0]);
    }
    expect(megabytes() - before).toBeLessThan(10);
  });
});
