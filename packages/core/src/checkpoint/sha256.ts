/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND = rootsOfPrimes(64, (prime) => integerRoot(prime << 96n, 3n));
/** The same of the square roots of the first 8. */
const INITIAL = rootsOfPrimes(8, (prime) => integerRoot(prime << 64n, 2n));
const BLOCK = 64;

/**
 * The SHA-256 of bytes. Unlike `crypto.subtle` it answers at once, and on every page, also on one without https.
 * @param parts - the bytes, in any number of pieces
 * @returns 32 bytes
 * @see FIPS 180-4, section 6.2
 *
 * @example
 * ```ts
 * const digest = sha256(modelBytes(model));
 * ```
 */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const state = INITIAL.slice();
  const schedule = new Int32Array(BLOCK);
  const block = new Uint8Array(BLOCK);
  let [filled, total] = [0, 0];
  const add = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) {
      if (filled === 0 && bytes.length - at >= BLOCK) {
        compress(state, schedule, bytes, at);
        at += BLOCK;
        continue;
      }
      const count = Math.min(BLOCK - filled, bytes.length - at);
      block.set(bytes.subarray(at, at + count), filled);
      [filled, at] = [(filled + count) % BLOCK, at + count];
      if (filled === 0) compress(state, schedule, block, 0);
    }
  };
  for (const part of parts) {
    add(part);
    total += part.length;
  }
  const padding = new Uint8Array((filled < 56 ? 56 : 120) - filled + 8);
  padding[0] = 0x80;
  new DataView(padding.buffer).setBigUint64(padding.length - 8, BigInt(total) * 8n);
  add(padding);
  const digest = new DataView(new ArrayBuffer(4 * state.length));
  state.forEach((word, index) => digest.setUint32(4 * index, word));
  return new Uint8Array(digest.buffer);
}

function compress(state: Uint32Array, w: Int32Array, bytes: Uint8Array, start: number): void {
  for (let t = 0; t < 16; t++) {
    const at = start + 4 * t;
    w[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  for (let t = 16; t < 64; t++) {
    const [x, y] = [w[t - 15]!, w[t - 2]!];
    const sigma0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const sigma1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    w[t] = (w[t - 16]! + sigma0 + w[t - 7]! + sigma1) | 0;
  }
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  let e = state[4]! | 0;
  let f = state[5]! | 0;
  let g = state[6]! | 0;
  let h = state[7]! | 0;
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + sum1 + ((e & f) ^ (~e & g)) + ROUND[t]! + w[t]!) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => (state[index] = state[index]! + word));
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function rootsOfPrimes(count: number, root: (prime: bigint) => bigint): Uint32Array {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0n)) primes.push(n);
  return Uint32Array.from(primes, (prime) => Number(root(prime) & 0xffffffffn));
}

/** The largest integer whose power is at most x, by bisection: `Math.cbrt` may differ between two engines. */
function integerRoot(x: bigint, power: bigint): bigint {
  let [low, high] = [0n, 1n << 48n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** power <= x) low = middle;
    else high = middle;
  }
  return low;
}
