import { checkOptions, DgmError, SerializationError } from '@dgm/core';
import { reason } from '../internal/files';
import { environment, nodeModule, warn } from '../internal/node';
import { download, hashFile } from './download';

/** A file that is published, and how to know that it is the right one. */
export interface RemoteFile {
  readonly name: string;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly sha256: string;
}

export interface RemoteOptions {
  /** Read the files from here and download nothing; gzip files may be unpacked already. */
  readonly folder?: string;
  /**
   * Whether files of `folder` must have the published SHA-256; of files that are unpacked already it is not known, and a
   * warning says so. @defaultValue true
   */
  readonly verify?: boolean;
  /** Where downloads are kept: `DGM_CACHE_DIR`, else `dgm` in the user's cache folder. */
  readonly cacheFolder?: string;
  /** Addresses to try one after the other; a file's name is put after each. */
  readonly mirrors?: readonly string[];
}

interface Source {
  /** The data set: a subfolder of the cache. */
  readonly dataset: string;
  readonly files: readonly RemoteFile[];
  readonly mirrors: readonly string[];
  readonly options: RemoteOptions;
}

/**
 * The paths of a data set's files, downloaded where they are not there yet.
 * @throws SerializationError that names what is missing, where to get it and where to put it
 */
export async function locateFiles({ dataset, files, mirrors, options }: Source): Promise<string[]> {
  const { join } = nodeModule('node:path', dataset);
  checkOptions(dataset, options, ['folder', 'verify', 'cacheFolder', 'mirrors']);
  if (options.folder !== undefined) {
    const paths = await findAll(dataset, files, mirrors, options.folder);
    if (options.verify ?? true) await verifyAll(dataset, files, paths);
    return paths;
  }
  const cache = join(options.cacheFolder ?? defaultCacheFolder(dataset), dataset);
  const paths: string[] = [];
  for (const file of files) {
    const urls = (options.mirrors ?? mirrors).map((mirror) => new URL(file.name, mirror).href);
    const path = join(cache, file.name);
    await download({ urls, path, sha256: file.sha256, where: dataset }).catch((cause: unknown) => {
      if (DgmError.is(cause, 'unsupported')) throw cause;
      throw missing(dataset, { files: [file.name], urls, folder: cache, actual: reason(cause), cause });
    });
    paths.push(path);
  }
  return paths;
}

async function findAll(
  dataset: string,
  files: readonly RemoteFile[],
  mirrors: readonly string[],
  folder: string,
): Promise<string[]> {
  const { join } = nodeModule('node:path', dataset);
  const { stat } = nodeModule('node:fs/promises', dataset);
  const found = await Promise.all(
    files.map(async ({ name }) => {
      for (const path of [join(folder, name), join(folder, name.replace(/\.gz$/, ''))]) {
        const entry = await stat(path).catch(() => undefined);
        if (entry?.isFile()) return path;
      }
      return undefined;
    }),
  );
  const absent = files.filter((_, index) => found[index] === undefined).map(({ name }) => name);
  if (absent.length > 0)
    throw missing(dataset, { files: absent, urls: mirrors, folder, actual: 'no such file' });
  return found as string[];
}

/** @throws SerializationError at the first file of another content than the published one */
async function verifyAll(
  dataset: string,
  files: readonly RemoteFile[],
  paths: readonly string[],
): Promise<void> {
  for (const [index, { name, sha256 }] of files.entries()) {
    const path = paths[index]!;
    if (!path.endsWith(name)) {
      warn(`${dataset}: ${path} is unpacked, so its content is not verified`);
      continue;
    }
    const actual = await hashFile(path, dataset);
    if (actual === sha256) continue;
    throw new SerializationError({
      where: dataset,
      argument: path,
      expected: `to have the SHA-256 ${sha256}`,
      actual,
      remedy: 'get the original file, or pass verify: false to use another one of the same form',
    });
  }
}

interface Missing {
  readonly files: readonly string[];
  readonly urls: readonly string[];
  readonly folder: string;
  readonly actual: string;
  readonly cause?: unknown;
}

function missing(where: string, { files, urls, folder, actual, cause }: Missing): SerializationError {
  return new SerializationError({
    where,
    argument: files.join(', '),
    expected: `to be in ${folder}`,
    actual,
    remedy: `get it from ${urls.join(' or ')} and put it into ${folder}`,
    cause,
  });
}

function defaultCacheFolder(where: string): string {
  const { join } = nodeModule('node:path', where);
  const { homedir } = nodeModule('node:os', where);
  const users = environment('XDG_CACHE_HOME') ?? environment('LOCALAPPDATA') ?? join(homedir(), '.cache');
  return environment('DGM_CACHE_DIR') ?? join(users, 'dgm');
}
