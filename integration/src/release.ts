import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { emptyProject, write } from './consumer';
import { repository } from './run';

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run \`npm run release:dry\``);
  return value;
}

const published = readdirSync(path.join(repository, 'packages'))
  .map((folder) => path.join('packages', folder))
  .filter((folder) => existsSync(path.join(repository, folder, 'package.json')))
  .map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(path.join(repository, folder, 'package.json'), 'utf8')) as {
      name: string;
      private?: boolean;
      exports?: unknown;
      bin?: Readonly<Record<string, string>>;
    },
  }))
  .filter(({ manifest }) => manifest.private !== true)
  .map(({ folder, manifest: { name, exports, bin = {} } }) => ({
    name,
    folder,
    isLibrary: exports !== undefined,
    programs: Object.keys(bin),
  }));

/** The names and folders of the published packages that are imported. */
export const libraries = published.filter(({ isLibrary }) => isLibrary);

/** The names and folders of the published packages that are only run, with the names of what they install. */
export const programs = published.filter(({ isLibrary }) => !isLibrary);

/** An empty project that gets the @dgm packages from the registry of the dry run, and all others from where npm does. */
export function strangersProject(): string {
  const project = emptyProject();
  write(project, '.npmrc', setting('DGM_RELEASE_NPMRC'));
  return project;
}

/** The version that the dry run has given a package. */
export function releasedVersion(folder: string): string {
  const manifest = readFileSync(path.join(setting('DGM_RELEASE_TREE'), folder, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
