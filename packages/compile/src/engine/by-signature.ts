/** What is built once for each signature: the shapes of a batch, and the phase of a step. */
export class BySignature<T> {
  readonly #built = new Map<string, Promise<T>>();

  /** What was built for this signature, or is now. */
  for(signature: string, build: () => Promise<T>): Promise<T> {
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
