import { rmSync } from 'node:fs';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { ArgumentError } from '@dgm/core';

interface Owner {
  readonly pid: number;
  readonly host: string;
}

/** How often the owner of a lock touches its file. */
const BEAT_MS = 5000;
/** One on another machine that misses so many is gone: a scheduler has started its work elsewhere. */
const MISSED_BEATS = 8;

/** Keeps two commands from writing to one folder: a file that names the process that does, and that it touches. */
export class FolderLock {
  readonly #file: string;
  readonly #beat: NodeJS.Timeout;
  readonly #onExit: () => void;

  private constructor(file: string, beatMs: number) {
    this.#file = file;
    this.#beat = setInterval(() => void touch(file), beatMs).unref();
    this.#onExit = () => rmSync(file, { force: true });
    process.once('exit', this.#onExit);
  }

  /**
   * Takes the lock. One whose process has ended, as by `kill -9`, is taken over; of a process on another machine that is known by
   * its file, which stays as it is for some seconds.
   * @throws ArgumentError if another process holds it
   */
  static async take(file: string, where: string, beatMs = BEAT_MS): Promise<FolderLock> {
    const own = JSON.stringify({ pid: process.pid, host: hostname() } satisfies Owner);
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await writeFile(file, own, { flag: 'wx' });
        return new FolderLock(file, beatMs);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = await ownerOf(file);
      if (owner === undefined || (await isRunning(owner, file, beatMs))) {
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
    return FolderLock.take(file, where, beatMs);
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
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

async function isRunning({ pid, host }: Owner, file: string, beatMs: number): Promise<boolean> {
  if (host !== hostname()) return isTouched(file, MISSED_BEATS * beatMs);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  // The folder may have been removed meanwhile: then there is nothing to hold.
  await utimes(file, now, now).catch(() => undefined);
}

/** Whether a file changes within a time. The clocks of machines differ, so that its age says nothing. */
async function isTouched(file: string, ms: number): Promise<boolean> {
  const touched = async () => (await stat(file).catch(() => undefined))?.mtimeMs;
  const before = await touched();
  await setTimeout(ms);
  const after = await touched();
  return after !== undefined && after !== before;
}
