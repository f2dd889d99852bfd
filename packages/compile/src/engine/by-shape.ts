import { signatureOf } from './step-variant';

/** What is built for each shape of a batch, once. */
export class ByShape<T> {
  readonly #built = new Map<string, Promise<T>>();

  /** What was built for batches of this shape, or is now. */
  for(batch: unknown, build: () => Promise<T>): Promise<T> {
    const signature = signatureOf(batch);
    const known = this.#built.get(signature);
    if (known !== undefined) return known;
    const building = build();
    this.#built.set(signature, building);
    // What failed once is tried again: the reader may have mended it.
    building.catch(() => this.#built.delete(signature));
    return building;
  }

  /** Forgets everything, and has what was built released. */
  clear(release: (built: T) => unknown): void {
    for (const building of this.#built.values()) building.then(release, () => undefined);
    this.#built.clear();
  }
}
