import { access, constants, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArgumentError, SerializationError, type CheckpointStore } from '@dgm/core';
import { fileStore } from '@dgm/core/node';

/**
 * Checks that a file can be written, before what it will hold is made.
 * @throws SerializationError if it cannot
 */
export async function checkWritable(where: string, file: string): Promise<void> {
  try {
    const found = await stat(file).catch(() => undefined);
    if (found?.isDirectory()) throw new Error('a folder');
    await access(found ? file : path.dirname(path.resolve(file)), constants.W_OK);
  } catch (cause) {
    throw new SerializationError({
      where,
      argument: `--out ${file}`,
      expected: 'to be a file that can be written',
      actual: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

/** The state of an interrupted training, beside its model. */
export interface TrainingFiles {
  readonly store: CheckpointStore;
  /** Removes the state, and its folder where nothing else is in it. */
  clear(): Promise<void>;
}

/**
 * Where the state of training a model is kept, in the folder `<out>.training`.
 * @param resume - whether training goes on from what is there; else that is removed
 * @throws ArgumentError if there is nothing to go on from
 */
export async function openTraining(out: string, resume: boolean): Promise<TrainingFiles> {
  const folder = `${out}.training`;
  const store = fileStore(folder);
  const clear = async () => {
    const names = await store.list();
    for (const name of names) if (OURS.test(name)) await store.remove(name);
    await rmdir(folder).catch(() => undefined);
  };
  const isThere = (await store.list()).some((name) => OURS.test(name));
  if (!resume) await clear();
  else if (!isThere) {
    await clear();
    throw new ArgumentError({
      where: 'dgm train',
      argument: '--resume',
      expected: `to follow a training of ${out} that was interrupted`,
      actual: `nothing in ${folder}`,
    });
  }
  return { store, clear };
}

const OURS = /^[a-z-]+\.(checkpoint-\d+\.safetensors|plan\.json)$/;
