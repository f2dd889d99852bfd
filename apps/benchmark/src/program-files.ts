import path from 'node:path';
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

/** The arguments for Node that start one of the application's programs. */
function argumentsOf(program: 'cli' | 'worker'): readonly string[] {
  if (!isSource) return [place(`${program}.js`)];
  // Tests start programs often, and bundle them first: loading their source takes ten times as long.
  const bundled = process.env['DGM_BENCH_PROGRAM'];
  return bundled === undefined
    ? ['--import', 'tsx', place(`${program}.ts`)]
    : [path.join(bundled, `${program}.js`)];
}

/** The arguments for Node that start `dgm-bench`, before those of its command line. */
export const cliArguments = argumentsOf('cli');

/** The arguments for Node that start this program's own side of a comparison. */
export const workerArguments = argumentsOf('worker');
