import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArgumentError, SerializationError } from '@dgm/core';
import type { GenericSchema } from 'valibot';
import { stringifyResults } from './json';
import { FolderLock } from './folder-lock';
import type { Results } from './schema';
import { isPng, validated } from './validate';

/** The folder that `--out` names: what is in it, and how it is written. */
export class OutputFolder {
  readonly path: string;
  #lock: FolderLock | undefined;

  private constructor(folder: string) {
    this.path = folder;
  }

  /**
   * Opens a folder for one command to write to, and makes it where there is none. Other commands are refused until `close`.
   * @param where - the command, for errors
   * @throws ArgumentError if files cannot be written there, or another process writes there
   */
  static async open(folder: string, where: string): Promise<OutputFolder> {
    const output = new OutputFolder(path.resolve(folder));
    try {
      await makeFolder(output.path);
      const probe = output.file(`.${randomUUID()}`);
      await (await open(probe, 'wx')).close();
      await rm(probe);
    } catch (cause) {
      throw new ArgumentError({
        where,
        argument: '--out',
        expected: 'to be a folder that can be written to',
        actual: `${folder} (${(cause as Error).message})`,
        remedy: 'choose another one',
        cause,
      });
    }
    output.#lock = await FolderLock.take(output.file('.lock'), where);
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

  /** Lets other commands write here. */
  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  /**
   * Makes sure that a new run replaces no finished one by mistake.
   * @param name - the file that an earlier command has left where it did something
   * @throws ArgumentError if it is there and may not be replaced
   */
  async checkFree(
    name: string,
    {
      where,
      overwrite,
      canResume = true,
    }: { readonly where: string; readonly overwrite: boolean; readonly canResume?: boolean },
  ): Promise<void> {
    if (overwrite || !existsSync(this.file(name))) return;
    throw new ArgumentError({
      where,
      argument: '--out',
      expected: 'to be a folder without results',
      actual: `${this.file(name)} of an earlier command`,
      remedy: `${canResume ? '--resume goes on with it, ' : ''}--overwrite replaces it, or choose another folder`,
    });
  }

  /** Forgets what an earlier command left here: its results and its checkpoints. */
  async clear(): Promise<void> {
    for (const name of ['results.json', 'report.html', 'plan.json', 'checkpoints']) await this.remove(name);
  }

  /** Removes a file or a folder, where there is one. */
  async remove(...names: string[]): Promise<void> {
    await rm(this.file(...names), { recursive: true, force: true });
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
   * The content of a PNG file; undefined where there is none. Symbolic links are not followed: a folder of results may come from
   * somebody else.
   * @throws SerializationError if it is no PNG file
   */
  async readPng(name: string): Promise<Buffer | undefined> {
    const found = await lstat(this.file(name)).catch(() => undefined);
    if (found === undefined) return undefined;
    const content = found.isFile() ? await this.read(name) : undefined;
    if (content !== undefined && isPng(content)) return content;
    throw new SerializationError({
      where: 'dgm-bench',
      argument: this.file(name),
      expected: 'to be a PNG file',
      actual: found.isFile() ? 'other content' : 'no regular file',
    });
  }

  /**
   * The value of a JSON file; undefined where there is none.
   * @throws SerializationError if the file does not hold JSON of the schema
   */
  async readJson<T>(name: string, schema: GenericSchema<unknown, T>): Promise<T | undefined> {
    const text = await this.read(name);
    if (text === undefined) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(text.toString('utf8'));
    } catch (cause) {
      throw new SerializationError({
        where: 'dgm-bench',
        argument: this.file(name),
        expected: 'to hold JSON',
        actual: (cause as Error).message,
        remedy: 'remove the file, or run without --resume',
        cause,
      });
    }
    return validated(schema, value, this.file(name));
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
