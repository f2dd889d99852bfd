import { readdir } from 'node:fs/promises';

/**
 * The modules of a folder by their names, in alphabetical order: `arm.ts` and `flows/index.ts`, which are `.js` once they are built.
 * Tests, and other files of folders within, are none.
 */
export async function modulesIn(folder: URL): Promise<readonly (readonly [name: string, file: URL])[]> {
  const files = await readdir(folder, { recursive: true });
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .map((file) => [/^([a-z0-9-]+)(?:\/index)?\.[jt]s$/.exec(file)?.[1], new URL(file, folder)] as const)
    .filter((found): found is readonly [string, URL] => found[0] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
