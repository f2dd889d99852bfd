import { rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ArgumentError } from '@dgm/core';

interface Owner {
  readonly pid: number;
  readonly host: string;
}

/** Keeps two commands from writing to one folder: a file that names the process that does. */
export class FolderLock {
  readonly #file: string;
  readonly #onExit: () => void;

  private constructor(file: string) {
    this.#file = file;
    this.#onExit = () => rmSync(file, { force: true });
    process.once('exit', this.#onExit);
  }

  /**
   * Takes the lock. One whose process has ended, as by `kill -9`, is taken over.
   * @throws ArgumentError if another process holds it
   */
  static async take(file: string, where: string): Promise<FolderLock> {
    const own = JSON.stringify({ pid: process.pid, host: hostname() } satisfies Owner);
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await writeFile(file, own, { flag: 'wx' });
        return new FolderLock(file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = await ownerOf(file);
      if (owner === undefined || isRunning(owner)) {
        throw new ArgumentError({
          where,
          argument: '--out',
          expected: 'to be a folder that no other command writes to',
          actual: owner === undefined ? 'one that is locked' : `one that process ${owner.pid} writes to`,
          remedy: `choose another one, or wait; if no command is running, remove ${file}`,
        });
      }
      await rm(file, { force: true });
    }
    return FolderLock.take(file, where);
  }

  async release(): Promise<void> {
    process.off('exit', this.#onExit);
    await rm(this.#file, { force: true });
  }
}

async function ownerOf(file: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(file, 'utf8')) as Partial<Owner>;
    return Number.isSafeInteger(owner.pid) && typeof owner.host === 'string' ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

/** Nothing is known of processes on other machines. */
function isRunning({ pid, host }: Owner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
