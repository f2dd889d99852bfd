import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleProgram, librariesOutside } from '../deploy/bundle/program.mjs';

/**
 * Bundles the program once for all tests that start it: loading every file of it through `tsx` takes seconds of processor time for
 * each start. `DGM_BENCH_PROGRAM` names the folder, which lies as deep in the application as `src` and `dist`.
 */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(fileURLToPath(new URL('../.program-', import.meta.url)));
  await bundleProgram(folder, { plugins: [librariesOutside] });
  process.env['DGM_BENCH_PROGRAM'] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
