import { SerializationError } from '../errors/dgm-error';

/** A place for named files. `fileStore` of `@dgm/core/node` keeps them in a folder. */
export interface CheckpointStore {
  /** The names of all files. */
  list(): Promise<readonly string[]>;
  /** @throws SerializationError if there is no such file */
  read(name: string): Promise<Uint8Array>;
  /** Writes a file as a whole: whatever happens meanwhile, a reader sees the old content or the new one. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Does nothing where there is no such file. */
  remove(name: string): Promise<void>;
}

/**
 * A store in memory, for tests and for browsers that keep the bytes elsewhere themselves.
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 2, key });
 * const points = planeDataset(twoMoons(), { key });
 * const checkpoint = { store: memoryStore(), everySteps: 100 };
 * await fit(model, points, { key, optimizer, batchSize: 100, epochs: 100, checkpoint });
 * ```
 */
export function memoryStore(): CheckpointStore {
  const files = new Map<string, Uint8Array>();
  return {
    list: () => Promise.resolve([...files.keys()]),
    read(name) {
      const bytes = files.get(name);
      if (bytes !== undefined) return Promise.resolve(new Uint8Array(bytes));
      const missing = { where: 'memoryStore.read', argument: 'name', expected: 'to be a file of this store' };
      return Promise.reject(new SerializationError({ ...missing, actual: `"${name}"` }));
    },
    write(name, bytes) {
      files.set(name, new Uint8Array(bytes)); // a copy even of a Buffer, whose `slice` shares memory
      return Promise.resolve();
    },
    remove(name) {
      files.delete(name);
      return Promise.resolve();
    },
  };
}
