/** A list of 16-bit words that grows, and is read from its end. */
export class Words {
  #words: Uint16Array = new Uint16Array(64);
  #length: number;

  constructor(words?: Uint16Array) {
    if (words !== undefined) this.#words = words;
    this.#length = words?.length ?? 0;
  }

  get length(): number {
    return this.#length;
  }

  push(word: number): void {
    if (this.#length === this.#words.length) {
      const grown = new Uint16Array(Math.max(64, 2 * this.#length));
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[this.#length++] = word;
  }

  /** The last word, which is removed; undefined where there is none. */
  pop(): number | undefined {
    return this.#length === 0 ? undefined : this.#words[--this.#length];
  }

  /** Big-endian, whatever the machine. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(2 * this.#length);
    for (let index = 0; index < this.#length; index++) {
      bytes[2 * index] = this.#words[index]! >>> 8;
      bytes[2 * index + 1] = this.#words[index]! & 0xff;
    }
    return bytes;
  }
}

/** The big-endian words of bytes of even number. */
export function wordsOf(bytes: Uint8Array): Uint16Array {
  const words = new Uint16Array(bytes.length >>> 1);
  for (let index = 0; index < words.length; index++) {
    words[index] = (bytes[2 * index]! << 8) | bytes[2 * index + 1]!;
  }
  return words;
}
