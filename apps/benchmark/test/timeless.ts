import { readFile } from 'node:fs/promises';
import path from 'node:path';

const untimed = new Set(['trainSeconds', 'msPerStep', 'sampleSeconds', 'peakMemoryMiB']);

/** The text of `results.json` without what a clock or the memory of the system decides. */
export async function timelessResults(folder: string): Promise<string> {
  const results: unknown = JSON.parse(await readFile(path.join(folder, 'results.json'), 'utf8'));
  return JSON.stringify(results, (name, value: unknown) => (untimed.has(name) ? undefined : value), 2);
}
