import { renderComparison } from '../report/comparison-page';
import { stringifyResults } from '../results/json';
import type { OutputFolder } from '../results/output-folder';
import { COMPARISON_FILE } from './open-comparison';
import type { Comparison } from '../results/comparison';

/** Writes a comparison and its report. */
export async function writeComparison(output: OutputFolder, comparison: Comparison): Promise<void> {
  await output.write(COMPARISON_FILE, stringifyResults(comparison));
  await output.write('compare.html', renderComparison(comparison));
}
