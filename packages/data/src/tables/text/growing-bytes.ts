/** Bytes that grow. */
export class GrowingBytes {
  length = 0;
  #bytes = new Uint8Array(256);

  append(source: Uint8Array, start = 0, end = source.length): void {
    while (this.length + end - start > this.#bytes.length) this.#bytes = grown(this.#bytes);
    // A call of `set` costs more than a short loop.
    if (end - start > 32) {
      this.#bytes.set(source.subarray(start, end), this.length);
      this.length += end - start;
    } else for (let at = start; at < end; at++) this.#bytes[this.length++] = source[at]!;
  }

  appendByte(byte: number): void {
    if (this.length === this.#bytes.length) this.#bytes = grown(this.#bytes);
    this.#bytes[this.length++] = byte;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

/** The values with room for as many again. */
export function grown<T extends Uint8Array | Uint32Array>(values: T): T {
  const Values = values.constructor as new (length: number) => T;
  const larger = new Values(2 * values.length);
  larger.set(values);
  return larger;
}
