/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND = Uint32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
/** The same of the square roots of the first 8. */
const INITIAL = Uint32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));
const BLOCK = 64;

/**
 * The SHA-256 of bytes as 64 hexadecimal digits. Unlike `crypto.subtle` it is there on every page, also on one without https.
 * @see FIPS 180-4, section 6.2
 */
export function sha256(...parts: readonly Uint8Array[]): string {
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
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
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

function fraction(value: number): number {
  return (value - Math.floor(value)) * 2 ** 32;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}
