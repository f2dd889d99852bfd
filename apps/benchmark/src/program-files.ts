import { fileURLToPath } from 'node:url';

/** Whether the program runs from its source, as in tests. What is built lies as deep in `dist` as this file in `src`. */
const isSource = import.meta.url.endsWith('.ts');
const place = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The root of the repository. */
export const repository = place('../../..');

/** The programs that ours are compared with. */
export const peerDrivers = {
  PyTorch: place('../peers/pytorch/driver.py'),
  JAX: place('../peers/jax/driver.py'),
} as const;

/** The arguments for Node that start this program's own side of a comparison. */
export const workerArguments: readonly string[] = isSource
  ? ['--import', 'tsx', place('worker.ts')]
  : [place('worker.js')];
