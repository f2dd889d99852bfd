import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** Every file below a folder. Links are not followed: what they lead to is listed where it lies. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** What a project's `node_modules` takes on disk, in MB. */
export function installedMegabytes(project: string): number {
  const bytes = filesBelow(path.join(project, 'node_modules')).map((file) => statSync(file).size);
  return bytes.reduce((total, size) => total + size, 0) / 1e6;
}

/** Where the copies of a package are that a project has installed. */
export function copiesOf(name: string, project: string): readonly string[] {
  const manifest = path.join('node_modules', name, 'package.json');
  const found = filesBelow(path.join(project, 'node_modules')).filter((file) => file.endsWith(manifest));
  return [...new Set(found.map((file) => realpathSync(path.dirname(file))))];
}
