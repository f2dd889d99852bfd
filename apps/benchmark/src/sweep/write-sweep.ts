import { renderSweep } from '../report/sweep-page';
import { stringifyResults } from '../results/json';
import type { OutputFolder } from '../results/output-folder';
import type { Sweep } from '../results/sweep';

/** The file of a sweep, in its folder. */
export const SWEEP_FILE = 'sweep.json';

/** Writes a sweep and its report. */
export async function writeSweep(output: OutputFolder, sweep: Sweep): Promise<void> {
  await output.write(SWEEP_FILE, stringifyResults(sweep));
  await output.write('sweep.html', renderSweep(sweep));
}
