import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArgumentError, SerializationError } from '@dgm/core';
import { stringifyResults } from '../results/json';
import type { Results } from '../results/schema';

/** The folder that `--out` names: what is in it, and how it is written. */
export class OutputFolder {
  readonly path: string;

  private constructor(folder: string) {
    this.path = folder;
  }

  /**
   * Opens a folder, which is made where there is none.
   * @throws ArgumentError if files cannot be written there
   */
  static async open(folder: string): Promise<OutputFolder> {
    const output = new OutputFolder(path.resolve(folder));
    try {
      await makeFolder(output.path);
      const probe = output.file(`.${randomUUID()}`);
      await (await open(probe, 'wx')).close();
      await rm(probe);
    } catch (cause) {
      throw new ArgumentError({
        where: 'dgm-bench run',
        argument: '--out',
        expected: 'to be a folder that can be written to',
        actual: `${folder} (${(cause as Error).message})`,
        remedy: 'choose another one',
        cause,
      });
    }
    return output;
  }

  /**
   * Opens a folder to read what is in it.
   * @throws ArgumentError if there is none
   */
  static async existing(folder: string): Promise<OutputFolder> {
    const output = new OutputFolder(path.resolve(folder));
    if (await isFolder(output.path)) return output;
    throw new ArgumentError({
      where: 'dgm-bench',
      argument: folder,
      expected: 'to be a folder',
      actual: 'none',
    });
  }

  file(...names: string[]): string {
    return path.join(this.path, ...names);
  }

  /** Where the checkpoints of one model are kept. */
  checkpoints(model: string): string {
    return this.file('checkpoints', model);
  }

  /** Forgets what an earlier command left here: its results and its checkpoints. */
  async clear(): Promise<void> {
    for (const name of ['results.json', 'report.html', 'plan.json', 'checkpoints']) {
      await rm(this.file(name), { recursive: true, force: true });
    }
  }

  /** Writes a file so that at every moment either the old content or the new one is there. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const temporary = this.file(`.${name}.tmp`);
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.file(name));
  }

  writeResults(results: Results): Promise<void> {
    return this.write('results.json', stringifyResults(results));
  }

  /** The content of a file; undefined where there is none. */
  async read(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(this.file(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * The value of a JSON file; undefined where there is none.
   * @throws SerializationError if the file does not hold JSON
   */
  async readJson<T>(name: string): Promise<T | undefined> {
    const text = await this.read(name);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text.toString('utf8')) as T;
    } catch (cause) {
      throw new SerializationError({
        where: 'dgm-bench run',
        argument: this.file(name),
        expected: 'to hold JSON',
        actual: (cause as Error).message,
        remedy: 'remove the file, or run without --resume',
        cause,
      });
    }
  }
}

/** As `mkdir` with `recursive`, which never returns where a file system knows no new folders (`/proc` on Linux). */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  if (path.dirname(folder) !== folder) await makeFolder(path.dirname(folder));
  await mkdir(folder);
}

function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
