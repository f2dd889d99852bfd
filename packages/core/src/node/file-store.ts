import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointStore } from '../checkpoint/checkpoint-store';
import { SerializationError } from '../errors/dgm-error';

/** A file is written under this name first. */
const UNFINISHED = 'unfinished.tmp';

/**
 * Keeps checkpoints as files of a folder, which is made where it is missing.
 *
 * A file is written under another name, synced to the disk and renamed, and then the folder is synced: a crash or a
 * power cut leaves the old file or the new one. One run at a time may write to a folder.
 *
 * @example
 * ```ts
 * const checkpoint = { store: fileStore('checkpoints/run-1'), everySteps: 100 };
 * await fit(model, data, { key, optimizer: adam(), batchSize: 64, epochs: 20, checkpoint });
 * ```
 */
export function fileStore(folder: string): CheckpointStore {
  return {
    list: () =>
      attempt('list', folder, async () => {
        await mkdir(folder, { recursive: true });
        return (await readdir(folder)).filter((name) => name !== UNFINISHED);
      }),
    read: (name) =>
      attempt('read', join(folder, name), async () => new Uint8Array(await readFile(join(folder, name)))),
    write: (name, bytes) => attempt('write', join(folder, name), () => replace(folder, name, bytes)),
    remove: (name) => attempt('remove', join(folder, name), () => rm(join(folder, name), { force: true })),
  };
}

async function replace(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  const unfinished = join(folder, UNFINISHED);
  const file = await open(unfinished, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, join(folder, name));
  await syncFolder(folder);
}

/** Makes the rename last. Windows cannot open a folder, and needs no sync of one. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new SerializationError({
      where: `fileStore.${action}`,
      argument: path,
      expected: action === 'read' ? 'to be readable' : 'to be writable',
      actual: cause instanceof Error ? cause.message : String(cause),
      remedy: 'check the path, its permissions and the free space, or choose another folder',
      cause,
    });
  }
}
