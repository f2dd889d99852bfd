import { SerializationError } from '../errors/dgm-error';
import type { CheckpointStore } from './checkpoint-store';
import { readSafetensors, type TensorFile } from './safetensors';

const NAME = /^checkpoint-\d{12}\.safetensors$/;

/** The two newest good checkpoints of a run in a store. */
export class CheckpointHistory {
  readonly #store: CheckpointStore;
  /** The newest file that is known to be good, and the one before it. */
  #newest: string | undefined;
  #previous: string | undefined;

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /**
   * The newest checkpoint that can be read, `undefined` in an empty store.
   * @param warn - called for each damaged one that was skipped
   * @param parse - reads the file; one for which it throws is damaged
   * @throws SerializationError if there are checkpoints and all are damaged
   */
  async newest<T>(
    warn: (message: string) => unknown,
    parse: (file: TensorFile) => T,
  ): Promise<T | undefined> {
    const names = (await this.#store.list()).filter((name) => NAME.test(name)).sort();
    let failure: unknown;
    for (const name of names.reverse()) {
      try {
        const file = parse(readSafetensors(await this.#store.read(name), name));
        this.#newest = name;
        return file;
      } catch (error) {
        failure ??= error;
        warn(`skipped a damaged checkpoint: ${(error as Error).message}`);
      }
    }
    if (names.length === 0) return undefined;
    throw new SerializationError({
      where: 'fit',
      argument: 'checkpoint.store',
      expected: 'to hold a checkpoint that can be read',
      actual: `${names.length} damaged`,
      remedy: 'restore one of them from a copy, or train anew with an empty store',
      cause: failure,
    });
  }

  /** Writes the checkpoint of a step; then removes all but it and the good one before it. */
  async save(step: number, bytes: Uint8Array): Promise<void> {
    const name = `checkpoint-${String(step).padStart(12, '0')}.safetensors`;
    await this.#store.write(name, bytes);
    if (name !== this.#newest) this.#previous = this.#newest;
    this.#newest = name;
    const kept = new Set([this.#newest, this.#previous]);
    for (const other of await this.#store.list()) {
      if (NAME.test(other) && !kept.has(other)) await this.#store.remove(other);
    }
  }
}
