import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './run';

export interface Size {
  /** What an empty project takes on disk that has installed the package, in MB. */
  readonly installedMegabytes: number;
  /** The whole package and what it needs, bundled for a browser, minified and gzipped, in kB; without `.wasm` files. */
  readonly gzippedKilobytes: number;
}

const file = path.join(repository, 'integration', 'sizes.json');

export const recordedSizes = (): Readonly<Record<string, Size>> =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Size>) : {};

/** Makes the sizes of this run the ones that later runs are held against. */
export function recordSize(name: string, size: Size): void {
  const all = Object.entries({ ...recordedSizes(), [name]: size });
  all.sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}
