import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What this process holds, in MiB, after everything that nobody needs was collected. */
export interface Held {
  /** Objects and buffers of JavaScript. */
  readonly javascript: number;
  /** All of the process, native memory included. */
  readonly process: number;
}

export async function held(): Promise<Held> {
  for (let round = 0; round < 3; round++) {
    collect();
    // Finalizers, which free native memory, run between tasks.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { javascript: (heapUsed + external) / 2 ** 20, process: rss / 2 ** 20 };
}
